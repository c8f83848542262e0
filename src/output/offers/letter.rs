//! The text for the client: what an offer is, and what a client should know before it accepts (R53).
//!
//! Plain text, so that it can go into an e-mail, a document or a page, with a logo and words of the advisor's own around
//! it. Names stand in it as they came, but for characters that would break a line or turn its direction.

use super::Offered;
use crate::intake::OfferNames;
use crate::names::printable;

/// Letters of a line; what has no blank in it may be longer.
const WIDTH: usize = 76;

/// The text for the client of an offer; `vendor` is who bills.
pub(super) fn text(offered: &Offered<'_>, names: &OfferNames, vendor: &str) -> String {
    let terms = &offered.offer.terms;
    let card = names.card(terms.advisor);
    let advisor = one_line(card.name.as_deref().unwrap_or(names.advisor(terms.advisor)));
    let contact = card.contact.as_deref().map(one_line);
    let mut text = Text::default();
    text.line(&format!("Purchase offer {}", offered.summary_id));
    text.blank();
    text.field("From", &format!("{advisor}, an authorised {vendor} cloud partner"));
    text.field("Questions", contact.as_deref().unwrap_or("ask whoever sent you this offer"));
    text.field("Made on", &terms.made_at.day().to_string());
    text.field("For use in", &one_line(names.market(terms.usage_location)));
    text.blank();
    text.line("Subscriptions offered");
    text.blank();
    for &(item, licences) in &offered.offer.items {
        let (product, sku) = names.item(item);
        let unit = if licences == 1 { "licence of " } else { "licences of" };
        text.line(&format!("  {licences:>9} {unit} {}:{}", one_line(product), one_line(sku)));
    }
    text.blank();
    text.line("To accept, open this address:");
    text.blank();
    text.line(&format!("  {}", offered.url));
    text.blank();
    text.line("Before you accept");
    text.point(&format!(
        "{advisor} advises you and does not sell to you: {vendor} bills you directly. Prices and terms of payment are \
         {vendor}'s and are shown when you accept."
    ));
    text.point(
        "You decide how many licences you buy: you can change the number of each subscription when you accept, and \
         later as the subscription's terms allow.",
    );
    match &contact {
        Some(contact) => {
            text.point(&format!("For questions about this offer or the service, ask {advisor}: {contact}"));
        }
        None => text.point("For questions about this offer or the service, ask whoever sent it to you."),
    }
    if terms.delegated_admin {
        delegation(&mut text, &advisor, vendor);
    }
    text.blank();
    text.line(&format!("Please name {} whenever you write about this offer.", offered.summary_id));
    text.0
}

/// What delegated administration means, and what the advisor then answers for (S2).
fn delegation(text: &mut Text, advisor: &str, vendor: &str) {
    text.blank();
    text.line("Delegated administration");
    text.point(&format!(
        "This offer lets {advisor} administer your account on your behalf. You can accept the offer with it or \
         without it: the subscriptions are the same."
    ));
    text.point(&format!(
        "With it, {advisor} can do what an administrator of your organisation can: add and remove users, assign \
         licences, reset passwords, change settings and open service requests with {vendor}."
    ));
    text.point(&format!(
        "{advisor} is responsible for what it does in your account: it acts on your instructions only, keeps what it \
         sees confidential, and protects the access that it is given."
    ));
    text.point("You stay the owner of your account and your data, and can withdraw delegated administration at any time.");
}

/// A text that stays on its line: what would break it or turn its direction stands as its escape.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        if matches!(letter, '\u{2028}' | '\u{2029}' | '\u{061c}') {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(&format!("  {name:<11} {value}"));
    }

    /// A point of a list, its words filled into lines.
    fn point(&mut self, words: &str) {
        self.blank();
        let mut line = "*".to_owned();
        for word in words.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > WIDTH && line.len() > 1 {
                self.line(&line);
                " ".clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_name_breaks_its_line() {
        assert_eq!(one_line("Contoso \u{2028}B.V.\u{202e}"), "Contoso \\u{2028}B.V.\\u{202e}");
        assert_eq!(one_line("Zürich & Söhne, =1+1"), "Zürich & Söhne, =1+1");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_line_or_turns_it(text in "\\PC{0,20}[\\x00-\\x1f\u{85}\u{61c}\u{200e}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}]{0,4}\\PC{0,20}") {
            let line = one_line(&text);
            let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            prop_assert!(!line.contains(breaks), "{:?}", line);
        }
    }

    #[test]
    fn points_are_filled_into_lines() {
        let mut text = Text::default();
        text.point(&["word"; 40].join(" "));
        assert!(text.0.lines().all(|line| line.chars().count() <= WIDTH), "{}", text.0);
        assert_eq!(text.0.lines().filter(|line| line.starts_with("  word")).count(), 2);
        let mut long = Text::default();
        long.point(&"x".repeat(200));
        assert_eq!(long.0, format!("\n* {}\n", "x".repeat(200)));
    }
}
