//! Numbers as people read them: thousands parted by commas, a true minus sign, and no floats anywhere.

/// What stands where a percentage would divide by nothing.
pub(super) const NO_PERCENT: &str = "–";
/// What stands before a fall.
const MINUS: char = '−';

/// Which way a number goes: told by a mark and a sign, never by colour alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Up,
    Down,
    Same,
}

impl Way {
    /// The way of a change.
    pub(super) fn of(change: i128) -> Way {
        if change > 0 {
            Way::Up
        } else if change < 0 {
            Way::Down
        } else {
            Way::Same
        }
    }

    /// Its mark.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Way::Up => "▲",
            Way::Down => "▼",
            Way::Same => "",
        }
    }

    /// Its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Way::Up => "up",
            Way::Down => "down",
            Way::Same => "same",
        }
    }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn unsigned(minor: i128, digits: u32) -> String {
    let digits = digits as usize;
    let width = digits + 1;
    let text = format!("{:0>width$}", minor.unsigned_abs());
    let (units, fraction) = text.split_at(text.len() - digits);
    let units = grouped(units);
    if fraction.is_empty() { units } else { format!("{units}.{fraction}") }
}

/// An amount of minor units: `1,234.50`.
pub(super) fn amount(minor: i128, digits: u32) -> String {
    let text = unsigned(minor, digits);
    if minor < 0 { format!("{MINUS}{text}") } else { text }
}

/// A change of so many minor units: `+1,234.50`; nothing has no sign.
pub(super) fn change(minor: i128, digits: u32) -> String {
    let text = amount(minor, digits);
    if minor > 0 { format!("+{text}") } else { text }
}

/// A change with its mark: `▲ +1,234.50`.
pub(super) fn marked(minor: i128, digits: u32) -> String {
    let text = change(minor, digits);
    let mark = Way::of(minor).mark();
    if mark.is_empty() { text } else { format!("{mark} {text}") }
}

/// How many.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// So many of a thing: `1 customer`, `2 customers`.
pub(super) fn many(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// A percentage: `+4.73%`.
pub(super) fn percent(hundredths: Option<i128>) -> String {
    hundredths.map_or_else(|| NO_PERCENT.to_owned(), |number| format!("{}%", change(number, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        assert_eq!(amount(0, 2), "0.00");
        assert_eq!(amount(-5, 2), "−0.05");
        assert_eq!(amount(1_234_567, 0), "1,234,567");
        assert_eq!(amount(1_234_567, 3), "1,234.567");
        assert_eq!(amount(999_999_999_999_999, 2), "9,999,999,999,999.99");
        assert_eq!(amount(i128::from(i64::MIN), 2), "−92,233,720,368,547,758.08");
        assert_eq!(amount(100, 0), "100");
        assert_eq!(amount(1_000, 0), "1,000");
    }

    #[test]
    fn changes_carry_their_sign_and_nothing_carries_none() {
        assert_eq!(change(150, 2), "+1.50");
        assert_eq!(change(-150, 2), "−1.50");
        assert_eq!(change(0, 0), "0");
        assert_eq!(marked(150, 2), "▲ +1.50");
        assert_eq!(marked(-150_000, 0), "▼ −150,000");
        assert_eq!(marked(0, 2), "0.00");
    }

    #[test]
    fn a_percentage_has_its_sign_and_of_nothing_there_is_none() {
        assert_eq!(percent(Some(500)), "+5.00%");
        assert_eq!(percent(Some(-3_333)), "−33.33%");
        assert_eq!(percent(Some(0)), "0.00%");
        assert_eq!(percent(None), "–");
        assert_eq!(percent(Some(i128::from(i64::MAX) * 10_000)), "+922,337,203,685,477,580,700.00%");
    }

    #[test]
    fn things_are_counted() {
        assert_eq!(many(1, "customer"), "1 customer");
        assert_eq!(many(1_200, "customer"), "1,200 customers");
    }
}
