//! Who buys and who sells: markets, partners, customers and what they are qualified for.
//!
//! `CUS-0000042` is "Van Dijk Logistiek B.V.", NL, without qualifications, and buys from an indirect reseller.

use super::Profile;
use super::catalogue::Segment;
use super::dice::Dice;
use super::prices::DateForm;

/// A market and its currency.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) code: &'static str,
    pub(crate) currency: &'static str,
    /// Decimals of the currency.
    pub(crate) digits: u32,
    /// Thousandths of the currency for a US dollar of retail price.
    pub(crate) per_dollar: u64,
    pub(crate) region: &'static str,
    pub(crate) tax_code: &'static str,
    /// Minutes by which local time is ahead of UTC.
    pub(crate) offset: i32,
    pub(crate) date_form: DateForm,
    /// Of a thousand customers, so many are here.
    share: u32,
    families: &'static [&'static str],
    trades: &'static [&'static str],
    company: &'static str,
}

pub(crate) static MARKETS: [Market; 8] = [
    Market {
        code: "NL",
        currency: "EUR",
        digits: 2,
        per_dollar: 930,
        region: "EMEA",
        tax_code: "NL-21",
        offset: 60,
        date_form: DateForm::Iso,
        share: 320,
        families: &["Van Dijk", "De Vries", "Jansen", "Bakker", "Visser", "Smit", "Mulder", "Hoekstra"],
        trades: &["Logistiek", "Bouw", "Zuivel", "Notarissen", "Techniek", "Transport"],
        company: "B.V.",
    },
    Market {
        code: "DE",
        currency: "EUR",
        digits: 2,
        per_dollar: 950,
        region: "EMEA",
        tax_code: "DE-19",
        offset: 60,
        date_form: DateForm::Iso,
        share: 180,
        families: &["Müller", "Schröder", "Köhler", "Fischer", "Weiß", "Krüger", "Vogel"],
        trades: &["Maschinenbau", "Spedition", "Elektrotechnik", "Steuerberatung", "Backwaren"],
        company: "GmbH",
    },
    Market {
        code: "GB",
        currency: "GBP",
        digits: 2,
        per_dollar: 790,
        region: "UKI",
        tax_code: "GB-20",
        offset: 0,
        date_form: DateForm::Short,
        share: 140,
        families: &["Harrison", "Whitfield", "O'Connor", "Ashworth", "Clarke", "Pemberton"],
        trades: &["Joinery", "Freight", "Solicitors", "Dental Care", "Engineering"],
        company: "Ltd",
    },
    Market {
        code: "US",
        currency: "USD",
        digits: 2,
        per_dollar: 1_000,
        region: "AMER",
        tax_code: "US-EX",
        offset: -300,
        date_form: DateForm::Clock,
        share: 180,
        families: &["Miller", "Johnson", "Ramirez", "Nguyen", "Kowalski", "Brooks", "Hayes"],
        trades: &["Manufacturing", "Dental, P.C.", "Supply", "Orchards", "Consulting"],
        company: "Inc.",
    },
    Market {
        code: "CH",
        currency: "CHF",
        digits: 2,
        per_dollar: 900,
        region: "EMEA",
        tax_code: "CH-81",
        offset: 60,
        date_form: DateForm::Iso,
        share: 60,
        families: &["Keller", "Brunner", "Baumann", "Favre", "Bernasconi"],
        trades: &["Uhren", "Treuhand", "Präzision", "Hotels"],
        company: "AG",
    },
    Market {
        code: "SE",
        currency: "SEK",
        digits: 2,
        per_dollar: 10_600,
        region: "EMEA",
        tax_code: "SE-25",
        offset: 60,
        date_form: DateForm::Short,
        share: 60,
        families: &["Lindström", "Åkesson", "Björk", "Nyberg", "Öberg"],
        trades: &["Skog", "Bygg", "Mejeri", "Industri"],
        company: "AB",
    },
    Market {
        code: "JP",
        currency: "JPY",
        digits: 0,
        per_dollar: 150_000,
        region: "APAC",
        tax_code: "JP-10",
        offset: 540,
        date_form: DateForm::Clock,
        share: 40,
        families: &["山田", "佐藤", "Tanaka", "Suzuki"],
        trades: &["製作所", "物流", "Foods"],
        company: "K.K.",
    },
    Market {
        code: "KW",
        currency: "KWD",
        digits: 3,
        per_dollar: 307,
        region: "EMEA",
        tax_code: "",
        offset: 180,
        date_form: DateForm::Iso,
        share: 20,
        families: &["Al-Sabah", "Al-Rashid", "Behbehani"],
        trades: &["Trading", "Contracting", "Medical"],
        company: "W.L.L.",
    },
];

/// What a customer is qualified for, and what may be sold to it by R50.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) qualifications: &'static str,
    pub(crate) segments: &'static [Segment],
}

const COMMERCIAL: &[Segment] = &[Segment::Commercial];
const WITH_EDUCATION: &[Segment] = &[Segment::Commercial, Segment::Education];

const fn standing(qualifications: &'static str, segments: &'static [Segment]) -> Standing {
    Standing { qualifications, segments }
}

/// Most customers: an empty cell means commercial.
static UNQUALIFIED: Standing = standing("", COMMERCIAL);
static STANDINGS: [Standing; 6] = [
    standing("commercial", COMMERCIAL),
    standing("nonprofit", &[Segment::Commercial, Segment::Charity]),
    standing("education", WITH_EDUCATION),
    standing("state-owned", COMMERCIAL),
    standing("education;state-owned", WITH_EDUCATION),
    standing("nonprofit;education", &[Segment::Commercial, Segment::Charity, Segment::Education]),
];
/// The government cloud is American.
static GOVERNMENT: [Standing; 2] = [
    standing("government", &[Segment::Government]),
    standing("state-owned;government", &[Segment::Government]),
];

/// A partner's row.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub(crate) partner_id: String,
    pub(crate) region: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) provider_id: String,
}

/// Partners of each market.
const KINDS: [&str; 4] = ["direct", "indirect-provider", "indirect-reseller", "indirect-reseller"];

fn partner_id(market: usize, number: usize) -> String {
    // Some begin with 0: ids are text.
    format!("{:07}", 610_200 + market * 1_000_000 + number * 7)
}

/// Every partner. The last one is a reseller without a provider, which may not sell education offers (R52).
pub(crate) fn partners() -> Vec<Partner> {
    let mut partners = Vec::new();
    for (place, market) in MARKETS.iter().enumerate() {
        for (number, kind) in KINDS.iter().enumerate() {
            let provider_id = if *kind == "indirect-reseller" { partner_id(place, 1) } else { String::new() };
            partners.push(Partner {
                partner_id: partner_id(place, number),
                region: market.region,
                kind,
                provider_id,
            });
        }
    }
    partners.push(Partner {
        partner_id: lone_reseller(),
        region: MARKETS[0].region,
        kind: "indirect-reseller",
        provider_id: String::new(),
    });
    partners
}

fn lone_reseller() -> String {
    partner_id(0, 9)
}

/// A customer.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) customer_id: String,
    pub(crate) name: String,
    pub(crate) market: &'static Market,
    pub(crate) standing: &'static Standing,
    pub(crate) group: &'static str,
    /// The partner it buys from, and the other one that it sometimes buys from.
    pub(crate) partners: [String; 2],
}

impl Customer {
    /// Customer `index` of the book. The first ones walk through the markets and qualifications, so that a small book
    /// has them all; the others are as they fall.
    pub(crate) fn of(index: u64, profile: Profile, dice: &mut Dice) -> Customer {
        let (place, standing) = match usize::try_from(index) {
            Ok(early @ 1..=16) => (early % MARKETS.len(), early_standing(early)),
            Ok(_) | Err(_) => {
                let place = any_market(dice);
                (place, any_standing(place, dice))
            }
        };
        let standing = match profile {
            Profile::Full => standing,
            Profile::Plain => &UNQUALIFIED,
        };
        let market = &MARKETS[place];
        let (first, second) = (dice.below(4), dice.between(1, 3));
        let may_buy_education = standing.segments.contains(&Segment::Education);
        let first_id = if place == 0 && !may_buy_education && dice.per_mille(60) {
            lone_reseller()
        } else {
            partner_id(place, usize::try_from(first).unwrap_or(0))
        };
        let second_id = partner_id(place, usize::try_from((first + second) % 4).unwrap_or(0));
        Customer {
            customer_id: customer_id(index),
            name: name(market, standing, dice),
            market,
            standing,
            group: if dice.per_mille(250) { dice.pick(&["gold", "silver", "key-accounts"]) } else { "" },
            partners: [first_id, second_id],
        }
    }

    /// A commercial customer in that market, for rows that something is wrong with.
    pub(crate) fn planted(index: u64, market: &str) -> Customer {
        let place = MARKETS.iter().position(|known| known.code == market).unwrap_or(0);
        Customer {
            customer_id: customer_id(index),
            name: "Planted Faults".to_owned(),
            market: &MARKETS[place],
            standing: &UNQUALIFIED,
            group: "",
            partners: [partner_id(place, 0), partner_id(place, 2)],
        }
    }

    /// Whether it may be sold offers of this segment.
    pub(crate) fn may_buy(&self, segment: Segment) -> bool {
        self.standing.segments.contains(&segment)
    }
}

fn customer_id(index: u64) -> String {
    format!("CUS-{:07}", index + 1)
}

fn early_standing(index: usize) -> &'static Standing {
    match index {
        3 | 11 => &GOVERNMENT[usize::from(index == 11)],
        8 => &STANDINGS[3],
        1 | 2 | 4..=7 => &STANDINGS[index % STANDINGS.len()],
        _ => &UNQUALIFIED,
    }
}

fn any_market(dice: &mut Dice) -> usize {
    let mut left = dice.below(MARKETS.iter().map(|market| market.share).sum());
    for (place, market) in MARKETS.iter().enumerate() {
        if left < market.share {
            return place;
        }
        left -= market.share;
    }
    0
}

fn any_standing(place: usize, dice: &mut Dice) -> &'static Standing {
    if MARKETS[place].code == "US" && dice.per_mille(120) {
        return &GOVERNMENT[usize::from(dice.per_mille(250))];
    }
    if dice.per_mille(300) { &STANDINGS[usize::try_from(dice.below(6)).unwrap_or(0)] } else { &UNQUALIFIED }
}

fn name(market: &Market, standing: &Standing, dice: &mut Dice) -> String {
    let family = dice.pick(market.families);
    let trade = dice.pick(market.trades);
    if standing.segments.contains(&Segment::Government) {
        return format!("City of {family}");
    }
    if standing.segments.contains(&Segment::Education) {
        return format!("{family} College");
    }
    if standing.segments.contains(&Segment::Charity) {
        return format!("{family} Foundation");
    }
    format!("{family} {trade} {}", market.company)
}
