//! What is encoded by hand reads back through the arrow reader, whatever the values are and however the rows were cut.

use super::columnar::ColumnarFile;
use super::lexicon::Lexicon;
use super::sheet::{AMOUNT, Column, EFFECTIVE_PRICE};
use super::staging::Staging;
use super::strip::{Numbers, Strip, Texts};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::fs::File;
use std::sync::Arc;

/// A row with a cell of each kind.
#[derive(Clone, PartialEq, Debug, Default)]
struct Row {
    word: String,
    text: String,
    flag: bool,
    day: Option<i32>,
    count: Option<i64>,
    price: Option<i128>,
}

fn columns() -> Vec<Column<Row>> {
    vec![
        Column::text("word", |_, row: &Row, out| out.extend_from_slice(row.word.as_bytes())),
        Column::text("text", |_, row: &Row, out| out.extend_from_slice(row.text.as_bytes())),
        Column::flag("flag", |_, row: &Row| row.flag),
        // The days are not asked for: strips are made beside the columns here.
        Column::day("day", |cx, _| cx.window.horizon),
        Column::decimal("amount", AMOUNT, |_, _| None),
        Column::decimal("price", EFFECTIVE_PRICE, |_, _| None),
        Column::empty_decimal("empty", AMOUNT),
    ]
}

/// The strips of some rows, whose words are numbered in the order of this piece.
fn strips(rows: &[Row]) -> Vec<Strip> {
    let mut lexicon = Lexicon::new();
    let mut known: Vec<(&str, u32)> = vec![("", 0)];
    let mut words = Vec::new();
    let mut texts = Texts::with_capacity(rows.len());
    let mut days = Numbers::with_capacity(rows.len());
    let mut counts = Numbers::with_capacity(rows.len());
    let mut prices = Numbers::with_capacity(rows.len());
    for row in rows {
        let number = known.iter().find(|(word, _)| *word == row.word).map(|(_, number)| *number);
        words.push(number.unwrap_or_else(|| {
            let number = lexicon.push(&row.word);
            known.push((&row.word, number));
            number
        }));
        texts.push(|out| out.extend_from_slice(row.text.as_bytes()));
        days.push(row.day);
        counts.push(row.count);
        prices.push(row.price);
    }
    vec![
        Strip::Words(words, Arc::new(lexicon)),
        Strip::Texts(texts),
        Strip::Flags(rows.iter().map(|row| row.flag).collect()),
        Strip::Days(days),
        Strip::Numbers(counts),
        Strip::Wide(prices),
        Strip::Empty,
    ]
}

/// Encodes rows that come in pieces as one row group, and gives the file and the rows that are read of it.
fn through_parquet(pieces: &[&[Row]]) -> (Vec<u8>, Vec<Row>) {
    let out = tempfile::tempdir().unwrap();
    let staging = Staging::open(out.path()).unwrap();
    let mut file = ColumnarFile::new(&columns(), staging.create("rows.parquet").unwrap()).unwrap();
    let batches: Vec<(Vec<Strip>, usize)> = pieces.iter().map(|rows| (strips(rows), rows.len())).collect();
    let parts = |column: usize| batches.iter().map(|(strips, rows)| (&strips[column], 0..*rows)).collect();
    let chunks = file.encoder().encode(parts).unwrap();
    file.append(chunks).unwrap();
    let file = file.finish().unwrap();
    let path = file.path().to_owned();
    file.finish(None).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let rows = reader.build().unwrap().flat_map(|batch| read(&batch.unwrap())).collect();
    (bytes, rows)
}

fn read(batch: &RecordBatch) -> Vec<Row> {
    assert_eq!(batch.column(6).null_count(), batch.num_rows());
    let text = |column: usize, row| {
        let array = batch.column(column).as_string::<i32>();
        assert!(array.is_null(row) || !array.value(row).is_empty());
        if array.is_null(row) { String::new() } else { array.value(row).to_owned() }
    };
    let row = |row: usize| Row {
        word: text(0, row),
        text: text(1, row),
        flag: batch.column(2).as_boolean().value(row),
        day: some(batch.column(3).as_primitive::<Date32Type>(), row),
        count: some(batch.column(4).as_primitive::<Decimal128Type>(), row).map(|units| units as i64),
        price: some(batch.column(5).as_primitive::<Decimal128Type>(), row),
    };
    (0..batch.num_rows()).map(row).collect()
}

fn some<T: arrow_array::ArrowPrimitiveType>(
    array: &arrow_array::PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    (!array.is_null(row)).then(|| array.value(row))
}

/// Rows of a book: runs of the same, few different values, or all different, by what `spread` allows.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    (1_i64..2_000, 0_usize..300, 0_usize..3).prop_flat_map(|(spread, length, gaps)| {
        let row = (0..spread, 1_usize..20, any::<bool>(), 0_usize..=gaps);
        let rows = prop::collection::vec(row, length / 2..=length);
        rows.prop_map(|rows| {
            let row = |(value, times, flag, gap): (i64, usize, bool, usize)| {
                let is_there = gap == 0;
                let row = Row {
                    word: if is_there { format!("word {}", value % 7) } else { String::new() },
                    text: if gap < 2 { format!("Text ü {value}") } else { String::new() },
                    flag,
                    day: is_there.then_some(value as i32 - 700),
                    count: is_there.then_some(value * 1_000_003 - 900_000_000),
                    price: is_there.then_some(i128::from(value) * 4_000_000_000_000_000_000_000 - 7),
                };
                std::iter::repeat_n(row, times)
            };
            rows.into_iter().flat_map(row).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_encoded_reads_back_and_cuts_do_not_show(rows in rows(), at in 0_usize..400, next in 0_usize..400) {
        let (first, second) = (at.min(rows.len()), (at + next).min(rows.len()));
        let pieces = [&rows[..first], &rows[first..second], &rows[second..]];
        let (whole, read) = through_parquet(&[&rows]);
        prop_assert_eq!(read, rows.clone());
        let (cut, _) = through_parquet(&pieces);
        prop_assert!(whole == cut, "the cuts show in the bytes");
    }
}

#[test]
fn more_rows_than_a_page_holds_read_back() {
    let row = |number: i64| Row {
        word: format!("word {}", number / 1_000 % 3),
        text: format!("text {number}"),
        flag: number % 3 == 0,
        day: (number % 5 != 0).then_some(number as i32 / 40),
        count: Some(number),
        price: (number < 90_000).then(|| i128::from(number) << 64),
    };
    let rows: Vec<Row> = (0..100_000).map(row).collect();
    let (_, read) = through_parquet(&[&rows[..50_000], &rows[50_000..]]);
    assert!(read == rows);
}

#[test]
fn the_ends_of_each_kind_of_number_read_back() {
    let row =
        |day, count, price| Row { day: Some(day), count: Some(count), price: Some(price), ..Row::default() };
    let limit = 10_i128.pow(28) - 1;
    let rows =
        [row(i32::MIN, 10_i64.pow(18) - 1, limit), row(i32::MAX, 1 - 10_i64.pow(18), -limit), row(0, 0, 0)];
    let (_, read) = through_parquet(&[&rows]);
    assert_eq!(read, rows);
}

#[test]
fn chunks_tell_their_bounds() {
    let row =
        |day, count| Row { day: Some(day), count: Some(count), word: format!("w{day}"), ..Row::default() };
    let (bytes, _) = through_parquet(&[&[row(3, -5), row(1, 9), row(2, 7), Row::default()]]);
    let metadata = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    let bounds = |column: usize| {
        let statistics = metadata.metadata().row_group(0).column(column).statistics().unwrap().clone();
        let bytes = |bytes: Option<&[u8]>| bytes.unwrap().to_vec();
        (bytes(statistics.min_bytes_opt()), bytes(statistics.max_bytes_opt()), statistics.null_count_opt())
    };
    assert_eq!(bounds(0), (b"w1".to_vec(), b"w3".to_vec(), Some(1)));
    assert_eq!(bounds(3), (1_i32.to_le_bytes().to_vec(), 3_i32.to_le_bytes().to_vec(), Some(1)));
    assert_eq!(bounds(4), ((-5_i64).to_le_bytes().to_vec(), 9_i64.to_le_bytes().to_vec(), Some(1)));
}
