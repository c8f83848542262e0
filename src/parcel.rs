//! Rows packed as bytes: what a part of the book is held as, in memory or on the disk, until it is its turn.
//!
//! A row that was read is some sixty bytes and its own texts. Ids of what the whole run shares (items, markets, promotions)
//! are provisional and belong to the worker that read the row; texts of the customer's own (its id, the subscription's, the
//! order's) stand in the row as they are.

use termwise_engine::calendar::{Day, Instant};
use termwise_engine::findings::{Source, Table};

/// Rows as they are packed.
#[derive(Debug, Default)]
pub(crate) struct Packing(pub Vec<u8>);

impl Packing {
    /// Adds a byte.
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Adds a small number.
    pub(crate) fn short(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds a wide number.
    pub(crate) fn wide(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds where a row stands in its table.
    pub(crate) fn source(&mut self, source: Source) {
        self.short(source.file);
        self.number(source.row);
    }

    /// Adds a text: its length, in seven bits a byte, and its bytes.
    pub(crate) fn text(&mut self, text: &str) {
        let mut length = text.len();
        while length >= 0x80 {
            self.0.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        self.0.push(length as u8);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Adds a day.
    pub(crate) fn day(&mut self, day: Day) {
        self.number(day.epoch_days().cast_unsigned());
    }

    /// Adds an instant.
    pub(crate) fn instant(&mut self, instant: Instant) {
        self.wide(instant.ticks());
    }
}

/// Packed rows that are being unpacked. Whatever is missing is `None`: then the bytes are not those that were packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unpacking<'a>(pub &'a [u8]);

impl<'a> Unpacking<'a> {
    /// Whether nothing is left.
    pub(crate) const fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// The next small number.
    pub(crate) fn short(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*bytes))
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    /// The next wide number.
    pub(crate) fn wide(&mut self) -> Option<i64> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i64::from_le_bytes(*bytes))
    }

    /// Where the next row of a table stands.
    pub(crate) fn source(&mut self, table: Table) -> Option<Source> {
        Some(Source { table, file: self.short()?, row: self.number()? })
    }

    /// The next text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                break;
            }
            shift += 7;
        }
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(bytes).ok()
    }

    /// The next day.
    pub(crate) fn day(&mut self) -> Option<Day> {
        Day::from_epoch_days(self.number()?.cast_signed())
    }

    /// The next instant.
    pub(crate) fn instant(&mut self) -> Option<Instant> {
        self.wide().map(Instant::from_ticks)
    }

    /// The next value, where a flag says that there is one.
    pub(crate) fn where_set<T>(
        &mut self,
        is_set: bool,
        value: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if is_set { value(self).map(Some) } else { Some(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Packing, Unpacking};

    #[test]
    fn what_is_packed_is_unpacked() {
        let long = "ü".repeat(20_000);
        let mut packing = Packing::default();
        packing.byte(7);
        packing.text("");
        packing.text(&long);
        packing.number(u32::MAX);
        packing.wide(i64::MIN);
        let mut unpacking = Unpacking(&packing.0);
        assert_eq!(unpacking.byte(), Some(7));
        assert_eq!(unpacking.text(), Some(""));
        assert_eq!(unpacking.text(), Some(long.as_str()));
        assert_eq!(unpacking.number(), Some(u32::MAX));
        assert_eq!(unpacking.wide(), Some(i64::MIN));
        assert!(unpacking.is_done());
        assert_eq!(unpacking.text(), None);
        assert_eq!(Unpacking(&packing.0[..40]).0.len(), 40);
        let mut cut = Unpacking(&packing.0[1..40]);
        assert_eq!((cut.text(), cut.text()), (Some(""), None));
    }
}
