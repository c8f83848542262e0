//! The page of a what-if in a real browser: customers are sorted by exact whole numbers, and found by a text.

use super::super::model::{Row, WhatIf};
use super::sample;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The browser: the one that is named, or the first on the path; none where none is installed.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TERMWISE_BROWSER") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.find(|browser| browser.is_file())
}

/// The browser; where there is none, it is said which test did not run. Not by `eprintln!`, which a test that passes
/// keeps to itself.
fn browser_or_word() -> Option<PathBuf> {
    let browser = browser();
    if browser.is_none() {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        let why = "no chromium, chromium-browser or google-chrome on PATH, and no TERMWISE_BROWSER";
        writeln!(std::io::stderr(), "{test} did not run: {why}").expect("stderr takes a line");
    }
    browser
}

/// The page as the browser has it after a script of ours has run in a copy of it.
///
/// The page's own policy stays in force, but for the script that is added: it is let in by a word of its own. So the
/// page's script and style are still known by their hashes alone.
fn rendered(browser: &Path, page: &str, script: &str) -> String {
    let open = "script-src 'sha256-";
    assert_eq!(page.matches(open).count(), 1, "the page has a policy");
    let page = page.replace(open, "script-src 'nonce-probe' 'sha256-");
    let probe = format!("<pre id=\"probe\"></pre><script nonce=\"probe\">{script}</script></body>");
    let end = page.rfind("</body>").expect("the end of the page");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html");
    std::fs::write(&file, format!("{}{probe}</html>", &page[..end])).expect("the copy is written");
    let run = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("the page is UTF-8")
}

/// The text that a script wrote into the probe.
fn probed(browser: &Path, page: &str, script: &str) -> String {
    let rendered = rendered(browser, page, script);
    let probe = rendered.rsplit("<pre id=\"probe\">").next().and_then(|rest| rest.split("</pre>").next());
    probe.expect("the probe").to_owned()
}

/// What the scripts below have in common: the table, its headings and its customers from top to bottom.
const LOOK: &str = r#"
const table = document.querySelector("table.sortable");
const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
const head = (label) => heads.find((head) => head.querySelector("bdi").textContent === label);
const order = () => Array.from(table.tBodies[0].rows).filter((row) => !row.hidden)
  .map((row) => row.cells[0].textContent).join(" ");
const told = [];
const tell = (line) => { told.push(line); document.getElementById("probe").textContent = told.join("\n"); };
"#;

/// Forty customers; the largest amounts differ by less than a 64-bit float can tell.
fn what_if() -> WhatIf {
    let mut what_if = sample::single();
    let currency = what_if.currencies.first_mut().expect("a currency");
    for (number, row) in (0..).zip(currency.listed.iter_mut()) {
        let before = &mut row.worlds.first_mut().expect("a world").sums.before;
        if number % 4 == 0 {
            *before = 9_007_199_254_740_992 + [3, 0, 1, 2][number / 4 % 4];
        } else if number % 4 == 1 {
            *before = -*before;
        }
    }
    what_if
}

fn keys(rows: &[&Row]) -> String {
    rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>().join(" ")
}

/// What was before under a proposal.
fn before(row: &Row, proposal: usize) -> i64 {
    row.worlds.get(proposal).map_or(0, |world| world.sums.before)
}

fn change(row: &Row) -> i128 {
    let after = row.worlds.first().map_or(0, |world| world.sums.after);
    i128::from(after) - i128::from(before(row, 0))
}

#[test]
fn a_click_on_a_heading_sorts_by_exact_numbers_and_a_second_one_turns_them_around() {
    let Some(browser) = browser_or_word() else { return };
    let what_if = what_if();
    let page = super::html(&what_if).expect("a page");
    let script = format!(
        r#"{LOOK}
        tell(order());
        for (const label of ["Before", "Before", "Change", "Change"]) {{
          head(label).querySelector("button").click();
          tell(head(label).getAttribute("aria-sort") + " " + order());
        }}
        tell(heads.filter((head) => head.hasAttribute("aria-sort")).length);"#
    );
    let probed = probed(&browser, &page, &script);
    let lines: Vec<&str> = probed.lines().collect();

    let mut rows: Vec<&Row> = what_if.currencies.first().expect("a currency").listed.iter().collect();
    assert_eq!(rows.len(), 40);
    assert_eq!(lines[0], keys(&rows), "as written");
    rows.sort_by_key(|row| before(row, 0));
    assert_eq!(lines[1], format!("ascending {}", keys(&rows)));
    rows.sort_by_key(|row| std::cmp::Reverse(before(row, 0)));
    assert_eq!(lines[2], format!("descending {}", keys(&rows)));
    // Those that are equal stay in the order that they were in.
    rows.sort_by_key(|row| change(row));
    assert_eq!(lines[3], format!("ascending {}", keys(&rows)));
    rows.sort_by_key(|row| std::cmp::Reverse(change(row)));
    assert_eq!(lines[4], format!("descending {}", keys(&rows)));
    assert_eq!(lines[5], "1");
}

#[test]
fn every_proposal_is_sorted_by_what_was_before_under_it() {
    let Some(browser) = browser_or_word() else { return };
    let what_if = sample::several();
    let page = super::html(&what_if).expect("a page");
    let script = format!(
        r#"{LOOK}
        for (const head of heads.filter((head) => head.querySelector("bdi").textContent === "Before")) {{
          head.querySelector("button").click();
          tell(order());
        }}"#
    );
    let probed = probed(&browser, &page, &script);
    let lines: Vec<&str> = probed.lines().collect();
    let mut rows: Vec<&Row> = what_if.currencies.first().expect("a currency").listed.iter().collect();
    assert!(rows.iter().any(|row| before(row, 0) > 0 && before(row, 1) == 0), "somebody is left out");
    rows.sort_by_key(|row| before(row, 0));
    assert_eq!(lines[0], keys(&rows));
    rows.sort_by_key(|row| before(row, 1));
    assert_eq!(lines[1], keys(&rows));
    assert_eq!(lines.len(), 2);
}

#[test]
fn what_has_no_percentage_or_no_day_comes_last_either_way() {
    let Some(browser) = browser_or_word() else { return };
    let what_if = sample::single();
    let page = super::html(&what_if).expect("a page");
    let script = format!(
        r#"{LOOK}
        for (const label of ["Change\u00a0%", "First effect"]) {{
          const column = heads.indexOf(head(label));
          for (const turn of [1, 2]) {{
            head(label).querySelector("button").click();
            tell(Array.from(table.tBodies[0].rows).map((row) => row.cells[column].textContent).join(" "));
          }}
        }}"#
    );
    let probed = probed(&browser, &page, &script);
    assert_eq!(probed.lines().count(), 4);
    for line in probed.lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let first = cells.iter().position(|cell| *cell == "–").expect("some have none");
        assert!(cells[first..].iter().all(|cell| *cell == "–"), "{line}");
    }
}

#[test]
fn customers_are_found_by_name_and_by_id_and_the_rest_is_hidden() {
    let Some(browser) = browser_or_word() else { return };
    let page = super::html(&sample::single()).expect("a page");
    let script = format!(
        r#"{LOOK}
        const field = table.closest(".table").querySelector("input[type=search]");
        for (const text of ["CUSTOMER 1", "c-0007", "<b>", "no such", ""]) {{
          field.value = text;
          field.dispatchEvent(new Event("input"));
          const shown = order();
          tell((shown ? shown.split(" ").sort().join(" ") : "none") + " | " + field.closest(".filter").querySelector("output").textContent);
        }}
        tell(field.closest(".filter").hidden);"#
    );
    let probed = probed(&browser, &page, &script);
    let lines: Vec<&str> = probed.lines().collect();
    let teens: Vec<String> = (10..20).map(|number| format!("C-{number:04}")).collect();
    assert_eq!(lines[0], format!("{} | 10 of 40 shown; the totals are those of all", teens.join(" ")));
    assert_eq!(lines[1], "C-0007 | 1 of 40 shown; the totals are those of all");
    assert_eq!(lines[2], "C-0002 | 1 of 40 shown; the totals are those of all");
    assert_eq!(lines[3], "none | 0 of 40 shown; the totals are those of all");
    assert_eq!(lines[4].split(' ').filter(|word| word.starts_with("C-")).count(), 40);
    assert_eq!(lines[5], "false");
}

#[test]
fn texts_of_files_are_letters_in_the_browser_as_well() {
    let Some(browser) = browser_or_word() else { return };
    let page = super::html(&sample::edges()).expect("a page");
    let script = r#"
    const told = [];
    told.push(document.querySelectorAll("main img, main b, main script, [onerror]").length);
    told.push(document.scripts.length);
    told.push(document.querySelector("h1").textContent);
    told.push(document.querySelectorAll("bdi").length > 0);
    told.push(getComputedStyle(document.querySelector(".chart")).borderTopStyle);
    // In a box of its own, a name that turns letters around leaves those beside it alone.
    const who = Array.from(document.querySelectorAll(".who")).find((who) => who.textContent.includes("drawkcaB"));
    const [name, id] = Array.from(who.querySelectorAll("bdi"), (part) => part.getBoundingClientRect());
    told.push(name.right <= id.left);
    document.getElementById("probe").textContent = told.join("\n");"#;
    let probed = probed(&browser, &page, script);
    let lines: Vec<&str> = probed.lines().collect();
    let expected =
        ["0", "2", "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "true", "solid", "true"];
    assert_eq!(lines, expected);
}
