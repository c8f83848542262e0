//! Fields of CSV: as they are, or between quotes where they must be (RFC 4180), exactly as the `csv` crate writes them.

/// Appends a field.
pub(super) fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    let first = out.len();
    out.extend_from_slice(field);
    quote_from(out, first);
}

/// Puts what was appended since `first` between quotes, where it must be.
pub(super) fn quote_from(out: &mut Vec<u8>, first: usize) {
    // Without an early end, so that the compiler looks at many bytes at once; hardly any field needs quotes.
    let must = |byte: u8| byte == b',' || byte == b'"' || byte == b'\n' || byte == b'\r';
    if !out[first..].iter().fold(false, |found, &byte| found | must(byte)) {
        return;
    }
    let field = out.split_off(first);
    out.push(b'"');
    for byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::push_field;
    use proptest::prelude::*;

    /// A record of a field and one more, since a record of one empty field is quoted by the crate.
    fn by_the_crate(field: &str) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record([field, "x"]).unwrap();
        writer.into_inner().unwrap()
    }

    fn by_us(field: &str) -> Vec<u8> {
        let mut out = Vec::new();
        push_field(&mut out, field.as_bytes());
        out.extend_from_slice(b",x\n");
        out
    }

    #[test]
    fn every_character_alone_and_amid_others_is_written_as_the_crate_writes_it() {
        for letter in ('\0'..='\u{17f}').chain(['\u{2028}', '\u{feff}', '€']) {
            for field in [letter.to_string(), format!("a{letter}b"), format!("{letter}{letter}")] {
                assert_eq!(by_us(&field), by_the_crate(&field), "{field:?}");
            }
        }
        assert_eq!(by_us(""), by_the_crate(""));
    }

    proptest! {
        #[test]
        fn any_field_is_written_as_the_crate_writes_it(field in "[a-c,\"\r\n #'\\\\;\t€]{0,40}") {
            prop_assert_eq!(by_us(&field), by_the_crate(&field));
        }
    }
}
