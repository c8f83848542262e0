//! Strips become a column chunk: which cells are empty, which values there are, and how they are written shortest.
//!
//! What few values repeat becomes a dictionary and codes; everything else is written plain. All of it follows from the
//! rows of the block alone, never from how they came in pieces.

use super::chunk::{Chunk, ChunkWriter};
use super::delta::push_texts;
use super::distinct::{Number, codes};
use super::lexicon::Lexicon;
use super::packing::{push_bits, push_hybrid, width_of};
use super::strip::{Numbers, Strip, Texts};
use parquet::basic::Encoding;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a page.
const PAGE_ROWS: usize = 1 << 15;
/// A dictionary of texts pays where a text stands in so many rows or more, on average; the beginning that it has in
/// common with the row above is not written anyway.
const TEXT_REPEATS: usize = 4;
/// The same for numbers.
const NUMBER_REPEATS: usize = 2;

/// The parts of a column: a strip, and which of its rows.
pub(super) type Part<'a> = (&'a Strip, Range<usize>);

/// Encodes a column.
pub(super) fn encode(chunk: ChunkWriter<'_>, parts: &[Part<'_>]) -> Result<Chunk, ParquetError> {
    match parts.first() {
        None | Some((Strip::Empty, _)) => encode_empty(chunk, parts.iter().map(|(_, rows)| rows.len()).sum()),
        Some((Strip::Words(..), _)) => encode_words(chunk, &pick(parts, words)?),
        Some((Strip::Texts(_), _)) => encode_texts(chunk, &pick(parts, texts)?),
        Some((Strip::Flags(_), _)) => encode_flags(chunk, &pick(parts, flags)?),
        Some((Strip::Days(_), _)) => {
            let bounds = |least, most, nulls| Statistics::int32(least, most, None, nulls, false);
            encode_numbers(chunk, &pick(parts, days)?, bounds)
        }
        Some((Strip::Numbers(_), _)) => {
            let bounds = |least, most, nulls| Statistics::int64(least, most, None, nulls, false);
            encode_numbers(chunk, &pick(parts, numbers)?, bounds)
        }
        Some((Strip::Wide(_), _)) => {
            let fixed = |value: i128| {
                let mut bytes = Vec::new();
                value.push(&mut bytes);
                FixedLenByteArray::from(ByteArray::from(bytes))
            };
            let bounds = |least: Option<i128>, most: Option<i128>, nulls| {
                Statistics::fixed_len_byte_array(least.map(fixed), most.map(fixed), None, nulls, false)
            };
            encode_numbers(chunk, &pick(parts, wide)?, bounds)
        }
    }
}

/// Every part as what the first one is; a column has one kind of cells.
fn pick<'a, T>(
    parts: &[Part<'a>],
    of: fn(&'a Strip, Range<usize>) -> Option<T>,
) -> Result<Vec<T>, ParquetError> {
    let picked: Option<Vec<T>> = parts.iter().map(|(strip, rows)| of(strip, rows.clone())).collect();
    picked.ok_or_else(|| ParquetError::General("a column changes its kind".to_owned()))
}

type WordPart<'a> = (&'a [u32], &'a Arc<Lexicon>);

fn words(strip: &Strip, rows: Range<usize>) -> Option<WordPart<'_>> {
    if let Strip::Words(numbers, lexicon) = strip { Some((&numbers[rows], lexicon)) } else { None }
}

fn texts(strip: &Strip, rows: Range<usize>) -> Option<(&Texts, Range<usize>)> {
    if let Strip::Texts(texts) = strip { Some((texts, rows)) } else { None }
}

fn flags(strip: &Strip, rows: Range<usize>) -> Option<&[bool]> {
    if let Strip::Flags(flags) = strip { Some(&flags[rows]) } else { None }
}

/// Numbers, and which rows have one; none: all of them.
type NumberPart<'a, N> = (&'a [N], Option<&'a [bool]>);

fn part<N>(numbers: &Numbers<N>, rows: Range<usize>) -> NumberPart<'_, N> {
    (&numbers.values[rows.clone()], numbers.present.as_ref().map(|present| &present[rows]))
}

fn days(strip: &Strip, rows: Range<usize>) -> Option<NumberPart<'_, i32>> {
    if let Strip::Days(numbers) = strip { Some(part(numbers, rows)) } else { None }
}

fn numbers(strip: &Strip, rows: Range<usize>) -> Option<NumberPart<'_, i64>> {
    if let Strip::Numbers(numbers) = strip { Some(part(numbers, rows)) } else { None }
}

fn wide(strip: &Strip, rows: Range<usize>) -> Option<NumberPart<'_, i128>> {
    if let Strip::Wide(numbers) = strip { Some(part(numbers, rows)) } else { None }
}

/// Which rows have a value, 1 or 0 for each; none: all of them.
type Levels = Option<Vec<u32>>;

/// Writes pages; `values` writes a range of the values that there are.
fn push_pages(
    chunk: &mut ChunkWriter<'_>,
    rows: usize,
    levels: &Levels,
    encoding: Encoding,
    mut values: impl FnMut(Range<usize>, &mut Vec<u8>),
) -> Result<(), ParquetError> {
    let mut written = 0;
    for first in (0..rows).step_by(PAGE_ROWS) {
        let page = first..rows.min(first + PAGE_ROWS);
        let levels = levels.as_ref().map(|levels| &levels[page.clone()]);
        let present = levels.map_or(page.len(), |levels| levels.iter().map(|&level| level as usize).sum());
        chunk.page(page.len(), levels, encoding, |body| values(written..written + present, body))?;
        written += present;
    }
    Ok(())
}

fn push_codes(
    chunk: &mut ChunkWriter<'_>,
    rows: usize,
    levels: &Levels,
    entries: usize,
    codes: &[u32],
) -> Result<(), ParquetError> {
    let width = width_of(entries.saturating_sub(1) as u32);
    push_pages(chunk, rows, levels, Encoding::RLE_DICTIONARY, |range, body| {
        body.push(width as u8);
        push_hybrid(body, width, &codes[range]);
    })
}

/// A column without a value.
fn encode_empty(mut chunk: ChunkWriter<'_>, rows: usize) -> Result<Chunk, ParquetError> {
    push_pages(&mut chunk, rows, &Some(vec![0; rows]), Encoding::PLAIN, |_, _| {})?;
    chunk.finish(None)
}

fn encode_flags(mut chunk: ChunkWriter<'_>, parts: &[&[bool]]) -> Result<Chunk, ParquetError> {
    let bits: Vec<u32> = parts.iter().flat_map(|part| part.iter().map(|&flag| u32::from(flag))).collect();
    push_pages(&mut chunk, bits.len(), &None, Encoding::PLAIN, |range, body| {
        push_bits(body, 1, &bits[range])
    })?;
    chunk.finish(None)
}

fn encode_words(mut chunk: ChunkWriter<'_>, parts: &[WordPart<'_>]) -> Result<Chunk, ParquetError> {
    let rows = parts.iter().map(|(numbers, _)| numbers.len()).sum();
    let is_whole = parts.iter().all(|(numbers, _)| !numbers.contains(&0));
    let level = |&number: &u32| u32::from(number != 0);
    let levels: Levels =
        (!is_whole).then(|| parts.iter().flat_map(|(numbers, _)| numbers.iter().map(level)).collect());
    // A code for each text in the order in which they are met; parts may number the same text differently.
    let mut known: BTreeMap<&str, u32> = BTreeMap::new();
    let mut words: Vec<&str> = Vec::new();
    let mut codes = Vec::with_capacity(rows);
    let mut code_of: Vec<Option<u32>> = Vec::new();
    let mut before: Option<&Arc<Lexicon>> = None;
    for &(numbers, lexicon) in parts {
        if !before.is_some_and(|before| Arc::ptr_eq(before, lexicon)) {
            code_of = vec![None; lexicon.len()];
            before = Some(lexicon);
        }
        for &number in numbers.iter().filter(|&&number| number != 0) {
            let code = *code_of[number as usize].get_or_insert_with(|| {
                let text = lexicon.text(number);
                *known.entry(text).or_insert_with(|| {
                    words.push(text);
                    words.len() as u32 - 1
                })
            });
            codes.push(code);
        }
    }
    if codes.is_empty() {
        return encode_empty(chunk, rows);
    }
    push_dictionary(&mut chunk, words.iter().map(|word| word.as_bytes()))?;
    push_codes(&mut chunk, rows, &levels, words.len(), &codes)?;
    let bounds = known.keys().next().zip(known.keys().next_back());
    let bounds = bounds.map(|(least, most)| (least.as_bytes(), most.as_bytes()));
    chunk.finish(Some(text_bounds(bounds, rows - codes.len())))
}

fn encode_texts(mut chunk: ChunkWriter<'_>, parts: &[(&Texts, Range<usize>)]) -> Result<Chunk, ParquetError> {
    let mut runs: Vec<(&[u8], usize)> = Vec::new();
    for (texts, rows) in parts {
        for (text, times) in texts.runs(rows.clone()) {
            match runs.last_mut() {
                Some((last, sum)) if *last == text => *sum += times,
                Some(_) | None => runs.push((text, times)),
            }
        }
    }
    let rows = runs.iter().map(|(_, times)| times).sum();
    let is_whole = runs.iter().all(|(text, _)| !text.is_empty());
    let level = |&(text, times): &(&[u8], usize)| std::iter::repeat_n(u32::from(!text.is_empty()), times);
    let levels: Levels = (!is_whole).then(|| runs.iter().flat_map(level).collect());
    runs.retain(|(text, _)| !text.is_empty());
    let present: usize = runs.iter().map(|(_, times)| times).sum();
    if runs.is_empty() {
        return encode_empty(chunk, rows);
    }
    if runs.len() * TEXT_REPEATS <= present {
        let code = |(code, &(_, times)): (usize, &(&[u8], usize))| std::iter::repeat_n(code as u32, times);
        let codes: Vec<u32> = runs.iter().enumerate().flat_map(code).collect();
        push_dictionary(&mut chunk, runs.iter().map(|(text, _)| *text))?;
        push_codes(&mut chunk, rows, &levels, runs.len(), &codes)?;
        let texts = || runs.iter().map(|(text, _)| *text);
        return chunk.finish(Some(text_bounds(texts().min().zip(texts().max()), rows - present)));
    }
    let all: Vec<&[u8]> = runs.iter().flat_map(|&(text, times)| std::iter::repeat_n(text, times)).collect();
    push_pages(&mut chunk, rows, &levels, Encoding::DELTA_BYTE_ARRAY, |range, body| {
        push_texts(body, &all[range]);
    })?;
    chunk.finish(Some(text_bounds(None, rows - present)))
}

fn push_dictionary<'a>(
    chunk: &mut ChunkWriter<'_>,
    texts: impl Iterator<Item = &'a [u8]>,
) -> Result<(), ParquetError> {
    let mut plain = Vec::new();
    let mut entries = 0;
    for text in texts {
        push_text(&mut plain, text);
        entries += 1;
    }
    chunk.dictionary(&plain, entries)
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
}

fn text_bounds(bounds: Option<(&[u8], &[u8])>, nulls: usize) -> Statistics {
    let array = |text: &[u8]| ByteArray::from(text.to_vec());
    let (least, most) = (bounds.map(|(least, _)| array(least)), bounds.map(|(_, most)| array(most)));
    Statistics::byte_array(least, most, None, Some(nulls as u64), false)
}

fn encode_numbers<N: Number>(
    mut chunk: ChunkWriter<'_>,
    parts: &[NumberPart<'_, N>],
    bounds: impl Fn(Option<N>, Option<N>, Option<u64>) -> Statistics,
) -> Result<Chunk, ParquetError> {
    let rows = parts.iter().map(|(values, _)| values.len()).sum();
    let (levels, values) = gathered(parts, rows);
    if values.is_empty() {
        return encode_empty(chunk, rows);
    }
    let nulls = Some((rows - values.len()) as u64);
    let Some((codes, distinct)) = codes(&values, values.len() / NUMBER_REPEATS) else {
        push_pages(&mut chunk, rows, &levels, Encoding::PLAIN, |range, body| {
            values[range].iter().for_each(|value| value.push(body));
        })?;
        return chunk.finish(Some(bounds(values.iter().min().copied(), values.iter().max().copied(), nulls)));
    };
    let mut plain = Vec::new();
    distinct.iter().for_each(|value| value.push(&mut plain));
    chunk.dictionary(&plain, distinct.len())?;
    push_codes(&mut chunk, rows, &levels, distinct.len(), &codes)?;
    chunk.finish(Some(bounds(distinct.iter().min().copied(), distinct.iter().max().copied(), nulls)))
}

/// The numbers that there are, one after the other.
fn gathered<N: Number>(parts: &[NumberPart<'_, N>], rows: usize) -> (Levels, Vec<N>) {
    let mut values = Vec::with_capacity(rows);
    let is_whole = |present: &Option<&[bool]>| present.is_none_or(|present| !present.contains(&false));
    if parts.iter().all(|(_, present)| is_whole(present)) {
        parts.iter().for_each(|(part, _)| values.extend_from_slice(part));
        return (None, values);
    }
    let mut levels = Vec::with_capacity(rows);
    for (part, present) in parts {
        match present {
            None => {
                values.extend_from_slice(part);
                levels.resize(levels.len() + part.len(), 1);
            }
            Some(present) => {
                levels.extend(present.iter().map(|&is_there| u32::from(is_there)));
                values.extend(
                    part.iter().zip(*present).filter(|(_, is_there)| **is_there).map(|(value, _)| *value),
                );
            }
        }
    }
    (Some(levels), values)
}
