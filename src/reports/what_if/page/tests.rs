//! The page as a text: what stands in it, and what never does.

use super::super::model::{Currency, Sums, WhatIf, World};
use super::charts::{Bridge, Largest, Rises, Share};
use super::figures::Way;
use super::sample::{self, NASTY};
use super::{SCRIPT, SCRIPT_HASH, STYLE, STYLE_HASH, html, tables};
use base64::Engine;
use sha2::{Digest, Sha256};

const TEMPLATES: [&str; 9] = [
    include_str!("what_if.html"),
    include_str!("currency.html"),
    include_str!("tiles.html"),
    include_str!("bridge.html"),
    include_str!("rises.html"),
    include_str!("largest.html"),
    include_str!("calendar.html"),
    include_str!("table.html"),
    include_str!("cell.html"),
];

fn pages() -> [String; 3] {
    [sample::single(), sample::several(), sample::edges()].map(|what_if| html(&what_if).unwrap())
}

/// A page without the style and the script, which are constants.
fn without_constants(page: &str) -> String {
    page.replacen(STYLE, "", 1).replacen(SCRIPT, "", 1)
}

/// A what-if in which a text stands wherever one can.
fn filled(text: &str) -> WhatIf {
    let mut what_if = sample::several();
    let fill = |place: &mut String| text.clone_into(place);
    for place in [&mut what_if.version, &mut what_if.as_of, &mut what_if.first, &mut what_if.digest] {
        fill(place);
    }
    what_if.policy.iter_mut().for_each(|(setting, value)| (fill(setting), fill(value)).0);
    what_if.notes.iter_mut().for_each(fill);
    for input in &mut what_if.inputs {
        [&mut input.table, &mut input.file, &mut input.hash].into_iter().for_each(fill);
    }
    for proposal in &mut what_if.proposals {
        [&mut proposal.name, &mut proposal.title, &mut proposal.author, &mut proposal.why]
            .into_iter()
            .for_each(fill);
        proposal.changes.iter_mut().for_each(|change| fill(&mut change.says));
    }
    for left in &mut what_if.left_out {
        [&mut left.product, &mut left.sku, &mut left.what, &mut left.side].into_iter().for_each(fill);
        [&mut left.why, &mut left.currency, &mut left.from].into_iter().for_each(fill);
    }
    for currency in &mut what_if.currencies {
        fill(&mut currency.code);
        let rows = currency.listed.iter_mut().chain(&mut currency.months).chain(&mut currency.products);
        for row in rows {
            [&mut row.key, &mut row.sku, &mut row.name].into_iter().for_each(fill);
            row.worlds.iter_mut().for_each(|world| fill(&mut world.effective_on));
        }
        let worlds = currency.worlds.iter_mut();
        worlds.flat_map(|world| &mut world.first_effects).for_each(|(month, _)| fill(month));
    }
    what_if
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(pages(), pages());
}

#[test]
fn no_text_becomes_markup_wherever_it_stands() {
    // What the page consists of with a harmless text: the same tags, in the same number, must be there with any other.
    let tags = |page: &str| {
        let page = without_constants(page);
        ["<", ">", "\"", "'", "<script", "<img", "<b>", "onerror="].map(|mark| page.matches(mark).count())
    };
    // A name without letters to be escaped, that is in no template.
    let harmless = tags(&html(&filled("zzz")).unwrap());
    for text in [
        "</script><script>alert(1)</script>",
        "\"><img src=x>",
        "' onload='alert(1)",
        "<!--",
        "]]>",
        "&lt;b&gt;",
    ] {
        assert_eq!(tags(&html(&filled(text)).unwrap()), harmless, "{text}");
    }
    let nasty = html(&filled(NASTY[0])).unwrap();
    assert!(nasty.contains("&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert_eq!(nasty.matches("<script>").count(), 1);
    assert_eq!(nasty.matches("</script>").count(), 1);
}

#[test]
fn texts_of_templates_are_no_templates_and_turned_texts_stay_in_their_box() {
    for page in pages() {
        // The last tag before a text that turns others around opens a box of its own.
        let mut turned = page.match_indices('\u{202e}').peekable();
        assert!(turned.peek().is_some());
        for (place, _) in turned {
            let tag = page[..place].rfind('<').map(|tag| &page[tag..place]);
            assert!(tag.unwrap().starts_with("<bdi"), "{tag:?}");
        }
    }
    assert!(html(&sample::edges()).unwrap().contains("{{ style|safe }} {% raw %}"));
}

#[test]
fn only_the_constants_are_not_escaped() {
    let safe: Vec<&str> = TEMPLATES
        .iter()
        .flat_map(|template| template.split("{{"))
        .filter(|part| part.contains("|safe"))
        .collect();
    assert_eq!(safe.len(), 2);
    assert!(safe.first().unwrap().starts_with(" style|safe }}"));
    assert!(safe.last().unwrap().starts_with(" script|safe }}"));
    let other = ["|escape(", "autoescape", "{% raw"];
    assert!(TEMPLATES.iter().all(|template| other.iter().all(|word| !template.contains(word))));
    assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
}

#[test]
fn the_policy_names_the_style_and_the_script_as_they_are() {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    assert_eq!(STYLE_HASH, hash(STYLE), "write the new hash into STYLE_HASH");
    assert_eq!(SCRIPT_HASH, hash(SCRIPT), "write the new hash into SCRIPT_HASH");
    for page in pages() {
        let policy = format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">"
        );
        assert!(page.contains(&policy.replace('\n', "")));
        assert!(page.contains(&format!("<style>{STYLE}</style>")));
        assert!(page.contains(&format!("<script>{SCRIPT}</script>")));
    }
}

#[test]
fn nothing_is_fetched_and_nothing_is_styled_or_run_in_place() {
    for template in TEMPLATES.iter().chain([&STYLE, &SCRIPT]) {
        for word in [
            "http:",
            "https:",
            "src=",
            "@import",
            "@font-face",
            " style=",
            " onclick",
            "javascript:",
            "fetch(",
            "innerHTML",
        ] {
            assert!(!template.contains(word), "{word}");
        }
        let links = template.split("href=\"").skip(1);
        assert!(links.into_iter().all(|link| link.starts_with('#')));
        let fills = template.split("url(").skip(1);
        assert!(fills.into_iter().all(|fill| fill.starts_with("#hatching)")));
    }
}

#[test]
fn every_drawing_says_what_it_shows_and_every_id_is_its_own() {
    for page in pages() {
        let page = without_constants(&page);
        let drawings = page.matches("<svg").count();
        let decoration = page.matches("<svg class=\"patterns\"").count()
            + page.matches("overflow=\"visible\" aria-hidden").count();
        assert_eq!(page.matches("role=\"img\"").count(), drawings - decoration);
        assert_eq!(page.matches("<title id=").count(), drawings - decoration);
        assert_eq!(page.matches("<desc id=").count(), drawings - decoration);
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        for named in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(named.split(' ').all(|id| ids.contains(&id)), "{named}");
        }
    }
}

#[test]
fn a_change_that_matches_nothing_and_what_is_left_out_are_marked() {
    let page = html(&sample::several()).unwrap();
    assert_eq!(page.matches("<strong class=\"flag\">matches nothing</strong>").count(), 2);
    assert!(page.contains("Left out: 19 subscriptions (list_2027)"));
    assert!(!html(&sample::single()).unwrap().contains("Left out"));
    assert!(
        html(&WhatIf::default()).unwrap().contains("No subscription has a charge in the days looked at.")
    );
}

/// The numbers that the rows of a table are sorted by, added up by column, must be those of its last row.
fn adds_up(table: &tables::Table, summed: &[&str]) {
    let total = table.foot.last().unwrap();
    let others = table.foot.iter().rev().skip(1);
    let rows: Vec<_> = table.rows.iter().chain(others).collect();
    for (column, head) in table.heads.iter().enumerate() {
        if summed.contains(&head.label.as_str()) {
            let number = |row: &Vec<tables::Cell>| row[column].key.as_ref().unwrap().parse::<i128>().unwrap();
            let sum: i128 = rows.iter().map(|row| number(row)).sum();
            assert_eq!(sum, number(total), "{} of {}", head.label, table.id);
        }
        assert!(rows.iter().all(|row| row.len() == table.heads.len()), "{}", table.id);
    }
}

#[test]
fn every_column_adds_up_to_its_total() {
    let amounts = ["Before", "After", "Change", "List price", "Promotion", "Code", "Policy", "Rounding"];
    for what_if in [sample::single(), sample::several(), sample::edges()] {
        for currency in what_if.currencies.iter().filter(|currency| currency.customers > 0) {
            let mut summed = amounts.to_vec();
            summed.push("Subscriptions changed");
            adds_up(&tables::customers("c", currency, &what_if.proposals), &summed);
            for (proposal, world) in currency.worlds.iter().enumerate() {
                adds_up(&tables::months("c", currency, proposal, world), &amounts);
                adds_up(&tables::products("c", currency, proposal, world), &amounts);
            }
        }
    }
}

pub(super) fn world(before: i64, causes: [i64; 5]) -> World {
    World { sums: Sums { before, after: before + causes.iter().sum::<i64>(), causes }, ..World::default() }
}

pub(super) fn steps(bridge: &Bridge) -> Vec<(&str, &str, &str)> {
    bridge.steps.iter().map(|step| (step.label, step.value.as_str(), step.class)).collect()
}

#[test]
fn a_bridge_leads_from_before_to_after() {
    let bridge = Bridge::of(&world(1_000, [200, -50, 0, 0, 0]), 2);
    let expected = [
        ("Before", "10.00", "total"),
        ("List price", "▲ +2.00", "up"),
        ("Promotion", "▼ −0.50", "down"),
        ("Code", "0.00", "same"),
        ("Policy", "0.00", "same"),
        ("After", "11.50", "total"),
    ];
    assert_eq!(steps(&bridge), expected);
    // Every step begins where the one before it has ended.
    for pair in bridge.steps.windows(2) {
        let level = pair[0].level.unwrap();
        let ends = [pair[1].left, Share(pair[1].left.0 + pair[1].width.0)];
        assert!(ends.iter().any(|end| (end.0 - level.0).abs() <= 1), "{pair:?}");
    }
    let rounded = Bridge::of(&world(1_000, [0, 0, 0, 0, 1]), 2);
    assert!(steps(&rounded).contains(&("Rounding", "▲ +0.01", "up")));
    assert!(rounded.steps.iter().all(|step| step.width.0 > 0));
}

#[test]
fn an_axis_that_does_not_begin_at_nothing_says_so() {
    let broken = |before: i64, change: i64| {
        let bridge = Bridge::of(&world(before, [change, 0, 0, 0, 0]), 0);
        assert_eq!(bridge.broken.is_some(), bridge.steps.iter().any(|step| step.break_at.is_some()));
        bridge.broken
    };
    assert_eq!(broken(1_000, 500), None);
    assert_eq!(broken(0, 0), None);
    assert_eq!(broken(1_000, 0), None);
    assert_eq!(broken(-100, 200), None);
    assert_eq!(broken(100_000, 1_000).as_deref(), Some("The axis is broken: it begins at 99,500, not at 0."));
    assert_eq!(
        broken(-100_000, -1_000).as_deref(),
        Some("The axis is broken: it ends at −99,500, not at 0.")
    );
    assert!(broken(i64::MAX - 5, 5).is_some());
    assert_eq!(broken(i64::MIN + 5, i64::MAX), None);
}

#[test]
fn the_largest_changes_come_first_and_stay_within_the_drawing() {
    let what_if = sample::single();
    let currency = what_if.currencies.first().unwrap();
    for way in [Way::Up, Way::Down] {
        let largest = Largest::of(currency, 0, way);
        assert!(largest.bars.len() <= 10 && !largest.bars.is_empty());
        assert!(largest.bars.is_sorted_by(|one, other| one.width >= other.width));
        assert_eq!(largest.bars.first().unwrap().width, Share(10_000));
        let sign = if way == Way::Up { '+' } else { '−' };
        assert!(largest.bars.iter().all(|bar| bar.value.starts_with(sign)));
    }
    let none = Currency::default();
    assert!(Largest::of(&none, 0, Way::Up).bars.is_empty());
    assert!(Rises::of(&none, &World::default()).bars.iter().all(|bar| bar.width == Share(0)));
}

#[test]
fn months_in_which_nothing_happens_stand_in_the_calendar() {
    let worlds = vec![World { first_effects: vec![("2027-02".to_owned(), 3)], ..World::default() }];
    let currency = Currency { worlds, ..Currency::default() };
    let calendar = super::Calendar::of(&currency, 0, ("2026-11-16", "2027-03-15"));
    let months: Vec<(&str, &str)> =
        calendar.months.iter().map(|month| (month.month.as_str(), month.starts.as_str())).collect();
    let expected = [("2026-11", "0"), ("2026-12", "0"), ("2027-01", "0"), ("2027-02", "3"), ("2027-03", "0")];
    assert_eq!(months, expected);
}
