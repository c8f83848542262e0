//! A table of CSV, read back piece by piece.
//!
//! A piece is cut where a record ends and looked at on several threads. Where nothing is quoted, records are lines and
//! fields lie between commas; where something is, the `csv` crate reads it.

use super::readback::{CURRENCY, Found, SUBTOTAL};
use super::sheet::AMOUNT;
use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};
use rayon::prelude::*;
use std::io;

/// Bytes that a thread looks at at a time.
const PART: usize = 1 << 18;

/// A table that is being read.
#[derive(Debug, Default)]
pub(super) struct TextTable {
    /// How the fields lie, once the header was read.
    layout: Option<Layout>,
    found: Found,
}

/// Where what is looked for lies in a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Layout {
    fields: usize,
    /// The numbers of the currency's and the subtotal's field.
    sums: Option<(usize, usize)>,
}

impl Layout {
    fn of(header: &[u8]) -> Layout {
        let names: Vec<&[u8]> = header.split(|&byte| byte == b',').collect();
        let number = |name: &str| names.iter().position(|found| *found == name.as_bytes());
        Layout { fields: names.len(), sums: number(CURRENCY).zip(number(SUBTOTAL)) }
    }
}

impl TextTable {
    /// Reads the whole records of a piece, which begins with one, and tells how many bytes they are.
    pub(super) fn read(&mut self, piece: &[u8]) -> io::Result<usize> {
        let (layout, first) = match self.layout {
            Some(layout) => (layout, 0),
            None => {
                let Some(end) = memchr(b'\n', piece) else { return Ok(0) };
                (Layout::of(&piece[..end]), end + 1)
            }
        };
        self.layout = Some(layout);
        let records = &piece[first..];
        let ends = part_ends(records);
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let parts: Vec<&[u8]> = begins.zip(&ends).map(|(begin, &end)| &records[begin..end]).collect();
        let found = parts.par_iter().map(|part| read_part(part, layout));
        let found = found.try_reduce(Found::default, |left, right| Ok(left.and(right)))?;
        self.found = std::mem::take(&mut self.found).and(found);
        Ok(first + ends.last().copied().unwrap_or_default())
    }

    /// What was found.
    pub(super) fn found(self) -> Found {
        self.found
    }
}

/// Where parts of some size end, each after a whole record. The text begins with a record.
fn part_ends(text: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    if memchr(b'"', text).is_none() {
        let mut begin = 0;
        while text.len() - begin > PART {
            let Some(end) = memchr(b'\n', &text[begin + PART..]) else { break };
            begin += PART + end + 1;
            ends.push(begin);
        }
        // The last part may be a short one.
        let last = memrchr(b'\n', text).map(|end| end + 1);
        ends.extend(last.filter(|&last| last > begin));
        return ends;
    }
    // A line feed between quotes ends nothing, and an even number of quotes before it puts it outside of them.
    let (mut is_quoted, mut begin, mut last) = (false, 0, 0);
    for place in memchr2_iter(b'\n', b'"', text) {
        if text[place] == b'"' {
            is_quoted = !is_quoted;
        } else if !is_quoted {
            last = place + 1;
            if last - begin > PART {
                begin = last;
                ends.push(last);
            }
        }
    }
    if last > begin {
        ends.push(last);
    }
    ends
}

fn read_part(part: &[u8], layout: Layout) -> io::Result<Found> {
    if memchr(b'"', part).is_some() {
        return read_quoted(part, layout);
    }
    let mut found = Found::of(memchr_iter(b'\n', part).count() as u64);
    let commas = memchr_iter(b',', part).count() as u64;
    if commas != found.rows * (layout.fields as u64 - 1) {
        return Err(io::Error::other("a row has more or fewer fields than the header"));
    }
    let Some((currency, subtotal)) = layout.sums else { return Ok(found) };
    let mut begin = 0;
    for end in memchr_iter(b'\n', part) {
        let line = &part[begin..end];
        begin = end + 1;
        let fields = field(line, layout.fields, currency).zip(field(line, layout.fields, subtotal));
        add(&mut found, fields)?;
    }
    Ok(found)
}

/// A field of a line of so many, looked for from the nearer end.
fn field(line: &[u8], fields: usize, number: usize) -> Option<&[u8]> {
    if number * 2 > fields {
        let mut commas = memchr_iter(b',', line).rev();
        let after = fields - 1 - number;
        let end = if after == 0 { line.len() } else { commas.nth(after - 1)? };
        let begin = if number == 0 { 0 } else { commas.next()? + 1 };
        return line.get(begin..end);
    }
    let mut commas = memchr_iter(b',', line);
    let begin = if number == 0 { 0 } else { commas.nth(number - 1)? + 1 };
    line.get(begin..commas.next().unwrap_or(line.len()))
}

fn read_quoted(part: &[u8], layout: Layout) -> io::Result<Found> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(part);
    let mut found = Found::default();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        found.rows += 1;
        if record.len() != layout.fields {
            return Err(io::Error::other("a row has more or fewer fields than the header"));
        }
        if let Some((currency, subtotal)) = layout.sums {
            add(&mut found, record.get(currency).zip(record.get(subtotal)))?;
        }
    }
    Ok(found)
}

/// Adds the currency and the amount of a row.
fn add(found: &mut Found, fields: Option<(&[u8], &[u8])>) -> io::Result<()> {
    let read = fields.and_then(|(currency, text)| Some((str::from_utf8(currency).ok()?, amount(text)?)));
    match read {
        Some((currency, amount)) if !currency.is_empty() => {
            found.add(currency, amount);
            Ok(())
        }
        Some(_) | None => Err(io::Error::other("a row has no amount")),
    }
}

/// The integer of `-143.20` in 10⁻⁴ units.
fn amount(text: &[u8]) -> Option<i128> {
    let (is_negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    let (mut number, mut fraction) = (0_i128, None);
    for &byte in digits {
        match (byte, fraction) {
            (b'0'..=b'9', _) => {
                number = number.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                fraction = fraction.map(|digits: u32| digits + 1);
            }
            (b'.', None) => fraction = Some(0),
            _ => return None,
        }
    }
    let more = u32::from(AMOUNT.scale).checked_sub(fraction.unwrap_or_default())?;
    let is_number = digits.first().is_some_and(u8::is_ascii_digit) && digits.last() != Some(&b'.');
    let number = number.checked_mul(10_i128.pow(more))?;
    is_number.then_some(if is_negative { -number } else { number })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_at_one_scale() {
        assert_eq!(amount(b"-143.20"), Some(-1_432_000));
        assert_eq!(amount(b"-0.05"), Some(-500));
        assert_eq!(amount(b"1440"), Some(14_400_000));
        assert_eq!(amount(b"0.001"), Some(10));
        for text in ["", "-", "0.00001", ".5", "5.", "1.2.3", "1e3", " 1", "+1"] {
            assert_eq!(amount(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn fields_are_found_from_either_end() {
        let line = b"a,,c,d";
        let fields: Vec<_> = (0..4).map(|number| field(line, 4, number).unwrap()).collect();
        assert_eq!(fields, [&b"a"[..], b"", b"c", b"d"]);
        assert_eq!(field(line, 5, 4), Some(&b"d"[..]), "a missing field is told by the count of commas");
    }

    fn through(text: &[u8], piece: usize) -> io::Result<Found> {
        let mut table = TextTable::default();
        let mut rest = Vec::new();
        for piece in text.chunks(piece) {
            rest.extend_from_slice(piece);
            let taken = table.read(&rest)?;
            rest.drain(..taken);
        }
        if rest.is_empty() { Ok(table.found()) } else { Err(io::Error::other("it ends within a record")) }
    }

    #[test]
    fn rows_that_do_not_fit_the_header_are_told() {
        let told = |text: &str| {
            through(text.as_bytes(), 7).map(|found| found.rows).map_err(|error| error.to_string())
        };
        assert_eq!(told("currency,subtotal\nEUR,1.00\n"), Ok(1));
        assert_eq!(told("a,b\n"), Ok(0));
        assert!(told("a,b\n1\n").is_err_and(|error| error.contains("fewer fields")));
        assert!(told("a,b\n\"1\"\n").is_err_and(|error| error.contains("fewer fields")));
        assert!(told("currency,subtotal\nEUR,\n").is_err_and(|error| error.contains("no amount")));
        assert!(told("currency,subtotal\n,1\n").is_err_and(|error| error.contains("no amount")));
        assert!(told("a,b\n1,2").is_err_and(|error| error.contains("within a record")));
        assert!(told("a,b\n1,\"2\n").is_err_and(|error| error.contains("within a record")));
    }

    proptest! {
        #[test]
        fn any_table_reads_back_as_it_was_written_however_it_is_cut(
            rows in prop::collection::vec(("[a-b,\"\n]{0,4}", 0..3_usize, -9_999_i64..9_999), 0..40),
            piece in 1..200_usize,
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["id", "subtotal", "currency", "reasons"]).unwrap();
            let mut expected = Found::of(rows.len() as u64);
            for (text, currency, cents) in &rows {
                let currency = ["EUR", "JPY", "KWD"][*currency];
                let sign = if *cents < 0 { "-" } else { "" };
                let amount = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
                writer.write_record([text, &amount, currency, text]).unwrap();
                expected.add(currency, i128::from(*cents) * 100);
            }
            let found = through(&writer.into_inner().unwrap(), piece).unwrap();
            prop_assert_eq!(found.rows, expected.rows);
            prop_assert_eq!(found.by_currency(), expected.by_currency());
        }
    }
}
