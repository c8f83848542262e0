//! What the tests of reports share: a small file of differences with every status and cause in three currencies, in
//! CSV and in Parquet, and a reader of workbooks that knows just what we write.

use super::frames::{Field, Kind};
use super::{Facts, ReportError, figures, workbook};
use crate::intake::FileFacts;
use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use termwise_engine::calendar::Day;
use termwise_engine::findings::Table;

/// Sorted as a run sorts it.
pub(super) const DIFFERENCES: &str = include_str!("golden/differences.csv");

/// What a run knows besides.
pub(super) struct Known {
    inputs: Vec<FileFacts>,
    policy: BTreeMap<String, String>,
    pub(super) names: BTreeMap<String, String>,
    notes: Vec<String>,
    pub(super) with_matched: bool,
}

impl Default for Known {
    fn default() -> Known {
        let texts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
        };
        let input = FileFacts {
            table: Table::Subscriptions,
            file: 0,
            shown: "=subscriptions.csv".to_owned(),
            rows: 14,
            blank_lines: 0,
            bytes: 1_902,
            hash: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262".to_owned(),
            warnings: Vec::new(),
        };
        Known {
            inputs: vec![input],
            policy: texts(&[("rounding", "truncate"), ("trial_days", "30")]),
            names: texts(&[("0001", "Contoso & Söhne"), ("0002", "=1+1"), ("0009", "Nobody's")]),
            notes: vec!["+1 explanation matched nothing".to_owned()],
            with_matched: true,
        }
    }
}

impl Known {
    fn facts(&self) -> Facts<'_> {
        Facts {
            version: "0.1.0",
            from: Day::from_ymd(2026, 11, 1).unwrap(),
            as_of: Day::from_ymd(2026, 11, 30).unwrap(),
            inputs: &self.inputs,
            policy: &self.policy,
            tolerance_line: "0.01",
            tolerance_total: "5.00",
            customer_names: &self.names,
            notes: &self.notes,
            digest: "5f0c9a1be27d",
            with_matched: self.with_matched,
        }
    }

    /// The workbook of a file, with so many rows on a sheet.
    pub(super) fn workbook(&self, path: &Path, most: usize) -> Result<Vec<u8>, ReportError> {
        workbook::reconciliation(path, &self.facts(), most)
    }

    /// The workbook of a CSV text, read back.
    pub(super) fn book(&self, text: &str, most: usize) -> Result<Book, ReportError> {
        let (_folder, path) = as_csv(text);
        Ok(Book::read(&self.workbook(&path, most)?))
    }
}

/// A file of this text.
pub(super) fn as_csv(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("differences.csv");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// A Parquet file of the same rows, as a run writes them: an empty text is null.
pub(super) fn as_parquet(text: &str) -> (TempDir, PathBuf) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |field: Field| -> ArrayRef {
        let place = header.iter().position(|name| name == field.name()).unwrap();
        let cells = || records.iter().map(|record| Some(&record[place]).filter(|cell| !cell.is_empty()));
        let decimals = |scale: i8| {
            let whole =
                |cell: &str| i128::from(figures::whole(cell, u32::from(scale.unsigned_abs())).unwrap());
            let array = Decimal128Array::from_iter(cells().map(|cell| cell.map(whole)));
            Arc::new(array.with_precision_and_scale(18, scale).unwrap())
        };
        match field.kind() {
            Kind::Status | Kind::Cause | Kind::Text => Arc::new(cells().collect::<StringArray>()),
            Kind::Day => Arc::new(
                cells().map(|cell| cell.map(|day| figures::day(day).unwrap())).collect::<Date32Array>(),
            ),
            Kind::Count => {
                Arc::new(cells().map(|cell| cell.map(|count| count.parse().unwrap())).collect::<Int64Array>())
            }
            Kind::Price => decimals(6),
            Kind::Amount => decimals(4),
        }
    };
    let columns = Field::ALL.map(|field| (field.name(), column(field), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("differences.parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    (folder, path)
}

/// A cell of a workbook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Text(String),
    Number(String),
    /// A formula and the result that stands with it.
    Formula(String, String),
}

impl Found {
    /// What a reader sees before anything is reckoned anew.
    pub(super) fn seen(&self) -> &str {
        match self {
            Found::Text(seen) | Found::Number(seen) | Found::Formula(_, seen) => seen,
        }
    }
}

/// The cells of a sheet by row and column, from 0.
pub(super) type CellsFound = BTreeMap<(u32, u32), Found>;

/// A workbook: its sheets in order, each with its cells.
pub(super) struct Book {
    pub(super) sheets: Vec<(String, CellsFound)>,
    pub(super) parts: BTreeMap<String, String>,
}

impl Book {
    /// Reads what we write.
    pub(super) fn read(bytes: &[u8]) -> Book {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut parts = BTreeMap::new();
        for number in 0..archive.len() {
            let mut part = archive.by_index(number).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            parts.insert(part.name().unwrap().into_owned(), text);
        }
        let strings: Vec<String> = parts
            .get("xl/sharedStrings.xml")
            .map(|text| text.split("<si>").skip(1).map(|item| plain(&between(item, "<t", "</t>"))).collect())
            .unwrap_or_default();
        let names = parts["xl/workbook.xml"].split("<sheet name=\"").skip(1);
        let names = names.map(|rest| plain(rest.split('"').next().unwrap()));
        let sheet = |(number, name)| {
            let cells = cells(&parts[&format!("xl/worksheets/sheet{number}.xml")], &strings);
            (name, cells)
        };
        let sheets = (1..).zip(names).map(sheet).collect();
        Book { sheets, parts }
    }

    /// The names of its sheets.
    pub(super) fn names(&self) -> Vec<&str> {
        self.sheets.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The rows of a sheet as they are seen, cells joined by `|`.
    pub(super) fn seen(&self, name: &str) -> Vec<String> {
        let cells = self.cells(name);
        let rows = cells.keys().map(|(row, _)| *row).max().map_or(0, |last| last + 1);
        let row = |row: u32| {
            let of_it = cells.range((row, 0)..(row + 1, 0));
            let mut line = String::new();
            for ((_, column), cell) in of_it {
                let before = line.matches('|').count();
                line += &"|".repeat(*column as usize - before);
                line += cell.seen();
            }
            line
        };
        (0..rows).map(row).collect()
    }

    /// The cells of a sheet.
    pub(super) fn cells(&self, name: &str) -> &CellsFound {
        &self.sheets.iter().find(|(found, _)| found == name).unwrap().1
    }
}

fn between(text: &str, open: &str, close: &str) -> String {
    let Some((_, rest)) = text.split_once(open) else { return String::new() };
    let rest = rest.split_once('>').unwrap().1;
    rest.split(close).next().unwrap().to_owned()
}

fn plain(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, letter)| text.replace(mark, letter))
}

fn cells(sheet: &str, strings: &[String]) -> CellsFound {
    let mut cells = BTreeMap::new();
    for cell in sheet.split("<c r=\"").skip(1) {
        let (reference, cell) = cell.split_once('"').unwrap();
        let letters = reference.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let column = letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'@')) - 1;
        let row = reference[letters.len()..].parse::<u32>().unwrap() - 1;
        let cell = cell.split("</c>").next().unwrap();
        let value = plain(&between(cell, "<v", "</v>"));
        let found = if cell.contains("<f>") {
            Found::Formula(plain(&between(cell, "<f", "</f>")), value)
        } else if cell.contains("t=\"s\"") {
            Found::Text(strings[value.parse::<usize>().unwrap()].clone())
        } else if cell.contains("<v>") {
            assert!(!cell.contains("t=\""), "{cell}");
            Found::Number(value)
        } else {
            continue;
        };
        cells.insert((row, column), found);
    }
    cells
}
