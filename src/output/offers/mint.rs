//! Summary ids and URLs: stable functions of what an offer says.
//!
//! ```text
//! summary id   PO-7K3M-Q2XE-04VD-9HTB                  to follow the offer by; names its text for the client
//! URL          https://…?advisor=CODE&offer=TOKEN      says whose offer it is, and which
//! ```
//! Both follow from the offer's **content**: its id, the advisor and its code, office, usage location, time, delegated
//! administration, and every product and SKU with its licences, in order. Any change of it changes both; the order of
//! rows and files, the advisor's name and contact, and where offers are accepted change neither id.
//!
//! # What somebody knows who has one URL, and what it is worth
//! An advisor posts its URLs on its website, so everybody has one: the address, the advisor's code and a token of 130
//! bits. From a token nothing can be reckoned back, and no other token: each is a keyed BLAKE3 of one content, under a
//! key that is itself the keyed BLAKE3 of the advisor's code. Counting tokens up or trying them out is hopeless.
//!
//! What is left is to **reckon** the token of another offer from its content, which is easily guessed: offers are
//! numbered, and the way from content to token stands in this file. So a job should name a `secret_file`: without its
//! secret no token can be reckoned, by whomever. Without a secret file tokens are stable and distinct, but whoever knows
//! or guesses everything that an offer says can reckon its token; the summary says so. Another secret gives every offer
//! another URL (the old ones stay what they are where they were sent), and the same summary id: that one is no key to
//! anything, and is made without the secret so that offers can still be followed.
//!
//! Ids are written in Crockford's base 32, which has no I, L, O and U; all letters are large, so that a file system that
//! doesn't tell small from large ones has a name for each.

use crate::intake::OfferNames;
use termwise_engine::advising::{Purchase, PurchaseOffer};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 5 bits each: 130.
const TOKEN_LETTERS: usize = 26;
/// 80 bits: for telling offers apart, not for keeping them secret.
const SUMMARY_LETTERS: usize = 16;
const SUBSCRIPTION_LETTERS: usize = 16;
const GROUP: usize = 4;

// The contexts of keys, which never change: an offer's ids would.
const TOKEN_CONTEXT: &str = "termwise 2026-11-21 purchase offer URL token";
const SUMMARY_CONTEXT: &str = "termwise 2026-11-21 purchase offer summary id";
const SUBSCRIPTION_CONTEXT: &str = "termwise 2026-11-21 subscription of an acceptance";
const FINGERPRINT_CONTEXT: &str = "termwise 2026-11-21 fingerprint of a secret";

/// What makes URLs.
pub struct Mint {
    key: [u8; 32],
    fingerprint: Option<String>,
}

impl Mint {
    /// One that works with this secret, or without.
    pub fn new(secret: Option<&[u8]>) -> Mint {
        let fingerprint = secret.map(|secret| {
            let print = blake3::derive_key(FINGERPRINT_CONTEXT, secret);
            letters(&print, SUMMARY_LETTERS)
        });
        Mint { key: blake3::derive_key(TOKEN_CONTEXT, secret.unwrap_or_default()), fingerprint }
    }

    /// What tells secrets apart, and tells nothing of them.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// The URL of an offer below an address.
    pub(super) fn url(&self, address: &str, offer: &PurchaseOffer, names: &OfferNames) -> String {
        let code = &names.card(offer.terms.advisor).code;
        let advisors_key = blake3::keyed_hash(&self.key, code.as_bytes());
        let token = blake3::keyed_hash(advisors_key.as_bytes(), &content(offer, names));
        let token = letters(token.as_bytes(), TOKEN_LETTERS);
        // In the query and not in the path, where a browser takes a code of two dots for the folder above.
        format!("{address}?advisor={}&offer={token}", percent_encoded(code))
    }
}

/// The id to follow an offer by.
pub(super) fn summary_id(offer: &PurchaseOffer, names: &OfferNames) -> String {
    let letters = letters(&blake3::derive_key(SUMMARY_CONTEXT, &content(offer, names)), SUMMARY_LETTERS);
    let mut id = "PO".to_owned();
    for (number, letter) in letters.chars().enumerate() {
        if number % GROUP == 0 {
            id.push('-');
        }
        id.push(letter);
    }
    id
}

/// The id of a subscription that a client bought: of the offer, the client, and the product and SKU alone, so that it stays
/// when licences are corrected or a file is exported anew.
pub(super) fn subscription_id(purchase: &Purchase, names: &OfferNames) -> String {
    let mut about = Content::default();
    about.text(names.offer(purchase.offer));
    about.text(names.customer(purchase.customer));
    let (product, sku) = names.item(purchase.item);
    about.text(product);
    about.text(sku);
    let key = blake3::derive_key(SUBSCRIPTION_CONTEXT, &about.0);
    format!("ADV-{}", letters(&key, SUBSCRIPTION_LETTERS))
}

/// What an offer says, as bytes: two offers have the same only where they say the same.
fn content(offer: &PurchaseOffer, names: &OfferNames) -> Vec<u8> {
    let terms = &offer.terms;
    let mut content = Content::default();
    content.text(names.offer(offer.id));
    content.text(names.advisor(terms.advisor));
    content.text(&names.card(terms.advisor).code);
    content.number(u64::from(terms.office.is_some()));
    content.text(terms.office.map_or("", |office| names.office(office)));
    content.text(names.market(terms.usage_location));
    content.number(terms.made_at.ticks().cast_unsigned());
    content.number(u64::from(terms.delegated_admin));
    content.number(offer.items.len() as u64);
    for &(item, licences) in &offer.items {
        let (product, sku) = names.item(item);
        content.text(product);
        content.text(sku);
        content.number(u64::from(licences));
    }
    content.0
}

/// Texts and numbers one after the other, each text with its length, so that no two lists run together alike.
#[derive(Default)]
struct Content(Vec<u8>);

impl Content {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}

/// The first bits of some bytes, five to a letter.
fn letters(bytes: &[u8], count: usize) -> String {
    let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| byte >> (7 - place % 8) & 1);
    let letter = |first: usize| (0..5).fold(0_u8, |code, place| code << 1 | bit(first + place));
    (0..count)
        .filter_map(|number| ALPHABET.get(usize::from(letter(number * 5))))
        .copied()
        .map(char::from)
        .collect()
}

/// A text as it stands in a query (RFC 3986): letters, digits and four marks as they are, every other byte by its number.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_can_end_no_query_and_begin_no_other() {
        assert_eq!(percent_encoded("CONTOSO-1.x_~"), "CONTOSO-1.x_~");
        assert_eq!(percent_encoded("a&offer=X#?/%"), "a%26offer%3DX%23%3F%2F%25");
        assert_eq!(percent_encoded("é "), "%C3%A9%20");
    }

    proptest! {
        #[test]
        fn a_code_is_read_back_as_it_was_and_stays_in_its_place(code in "\\PC{0,30}") {
            let encoded = percent_encoded(&code);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            let mut read = Vec::new();
            let mut bytes = encoded.bytes();
            while let Some(byte) = bytes.next() {
                let hex: String = bytes.by_ref().take(if byte == b'%' { 2 } else { 0 }).map(char::from).collect();
                read.push(if hex.is_empty() { byte } else { u8::from_str_radix(&hex, 16).unwrap() });
            }
            prop_assert_eq!(String::from_utf8(read).unwrap(), code);
        }
    }

    #[test]
    fn letters_take_five_bits_each_and_have_no_look_alikes() {
        assert_eq!(letters(&[0, 0, 0, 0, 0], 8), "00000000");
        assert_eq!(letters(&[0xff; 5], 8), "ZZZZZZZZ");
        assert_eq!(letters(&[0b0000_1000, 0b1000_0110], 3), "123");
        assert!(b"ILOU".iter().all(|letter| !ALPHABET.contains(letter)));
        let mut sorted = ALPHABET.to_vec();
        sorted.dedup();
        assert!(sorted.is_sorted() && sorted.len() == 32);
    }

    #[test]
    fn a_fingerprint_tells_secrets_apart() {
        let [none, one, other] = [None, Some(&b"one"[..]), Some(&b"other"[..])].map(Mint::new);
        assert_eq!(none.fingerprint(), None);
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert!(none.key != one.key && one.key != other.key);
    }
}
