//! Columns of few words: each row's word as a small number, so that what a word comes to is looked up and not read again.
//!
//! Parquet holds such columns as dictionaries, and the decoder gives every row of one word the same view of the same bytes.
//! So views are compared, not texts. The numbers belong to their batch; a word may have two.

use arrow_array::{Array, StringViewArray};

/// The most words of a column; one of more stays as it is.
const WORDS: usize = 255;
const SLOTS: usize = 1 << 10;

/// A column of few words.
#[derive(Debug)]
pub(super) struct CodedWords {
    texts: StringViewArray,
    codes: Vec<u8>,
    /// For each code the first row that has it; none where nothing stands there.
    rows: Vec<Option<usize>>,
}

impl CodedWords {
    /// The column, if it has few words.
    pub(super) fn of(texts: &StringViewArray) -> Option<CodedWords> {
        let mut codes = Vec::with_capacity(texts.len());
        let mut rows: Vec<Option<usize>> = Vec::new();
        let mut known: Vec<u128> = Vec::new();
        let mut slots = [u8::MAX; SLOTS];
        let mut last = None;
        for (row, &view) in texts.views().iter().enumerate() {
            // Nothing, and a text without a letter, are one view.
            let view = if texts.is_null(row) { 0 } else { view };
            if let Some((before, code)) = last
                && before == view
            {
                codes.push(code);
                continue;
            }
            let mut slot = slot_of(view);
            let code = loop {
                let code = slots[slot];
                if code == u8::MAX {
                    if known.len() == WORDS {
                        return None;
                    }
                    slots[slot] = known.len() as u8;
                    rows.push((view != 0 && !texts.value(row).is_empty()).then_some(row));
                    known.push(view);
                    break slots[slot];
                }
                if known[usize::from(code)] == view {
                    break code;
                }
                slot = (slot + 1) % SLOTS;
            };
            last = Some((view, code));
            codes.push(code);
        }
        Some(CodedWords { texts: texts.clone(), codes, rows })
    }

    /// The code of a row.
    #[inline]
    pub(super) fn code(&self, row: usize) -> u8 {
        self.codes[row]
    }

    /// The text of a code; empty where nothing stands there.
    pub(super) fn text(&self, code: u8) -> &str {
        let row = self.rows.get(usize::from(code)).copied().flatten();
        row.map_or("", |row| self.texts.value(row))
    }
}

#[inline]
const fn slot_of(view: u128) -> usize {
    let folded = (view as u64) ^ ((view >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

#[cfg(test)]
mod tests {
    use super::CodedWords;
    use arrow_array::StringViewArray;

    #[test]
    fn every_row_keeps_its_word() {
        let word = |row: usize| match row % 7 {
            0 => None,
            1 => Some(String::new()),
            left => Some(format!("w {}", left * row / 40)),
        };
        let texts: StringViewArray = (0..400).map(word).collect();
        let coded = CodedWords::of(&texts);
        assert!(coded.is_some());
        for row in 0..400 {
            let text = coded.as_ref().map(|words| words.text(words.code(row)));
            assert_eq!(text, Some(word(row).unwrap_or_default().as_str()));
        }
        let many: StringViewArray = (0..300).map(|row| Some(format!("{row}"))).collect();
        assert!(CodedWords::of(&many).is_none());
    }
}
