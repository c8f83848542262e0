//! Parquet: types, equal content, damage.

use super::*;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal32Array, Decimal64Array, Decimal128Array,
    Decimal256Array, DictionaryArray, Float64Array, Int8Array, Int64Array, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt32Array,
};
use parquet::arrow::ArrowWriter;
use std::sync::Arc;
use termwise_engine::ids::CustomerId;

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .map_err(|error| error.to_string())
    .and_then(|batch| {
        let failed = |error: parquet::errors::ParquetError| error.to_string();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).map_err(failed)?;
        writer.write(&batch).map_err(failed)?;
        writer.close().map_err(failed)
    });
    assert!(written.is_ok(), "{written:?}");
    bytes
}

fn text<const N: usize>(cells: [&str; N]) -> ArrayRef {
    Arc::new(StringArray::from(cells.map(|cell| (!cell.is_empty()).then_some(cell)).to_vec()))
}

/// A CSV text as a Parquet file of text columns.
fn from_csv(csv: &str) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = |place: usize| -> ArrayRef {
        let cells = rows[1..].iter().map(|row| Some(row[place]).filter(|cell| !cell.is_empty()));
        Arc::new(StringArray::from_iter(cells))
    };
    parquet(rows[0].iter().enumerate().map(|(place, name)| (*name, column(place))).collect())
}

const SUBSCRIPTION_ROWS: &str = "subscription_id,customer_id,partner_id,product_id,sku_id,market,currency,term,\
    billing_cycle,quantity,ordered_at,term_start,unit_price,promotion_id,auto_renew,tax_code\n\
    S2,C2,P1,A,0001,NL,EUR,P1Y,monthly,10,2026-01-01T09:00:00Z,2026-01-01,144.5,none,false,T\n\
    S1,C1,,A,0002,BE,EUR,P1M,monthly,7,,2026-01-31,,HALF,,\n\
    S3,C1,,A,0001,NL,JPY,P3Y,upfront,-4,,2026-01-31,,,true,\n\
    S4,C9,,A,0001,NL,EUR,P1Y,weekly,1,,2026-13-31,,,,\n";
const CHANGE_ROWS: &str = "subscription_id,changed_at,quantity,change_id\n\
    S1,2026-02-03T10:00:00.5Z,9,c1\nS1,2026-02-04,x,c2\nS9,2026-02-04,1,\nS4,2026-02-04,1,\nS2,2026-02-04,12,\n";

fn shown(read: &Read) -> String {
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        read.book, read.names, read.findings, read.fates, read.intake.catalog
    )
}

#[test]
fn equal_content_gives_equal_books_names_and_findings() {
    let from_text = Given::new().with(Table::Subscriptions, "s.csv", SUBSCRIPTION_ROWS).with(
        Table::SeatChanges,
        "c.csv",
        CHANGE_ROWS,
    );
    let columns = Given::new().with(Table::Subscriptions, "s.parquet", from_csv(SUBSCRIPTION_ROWS)).with(
        Table::SeatChanges,
        "c.parquet",
        from_csv(CHANGE_ROWS),
    );
    assert_eq!(shown(&from_text.read()), shown(&columns.read()));
    assert_eq!(from_text.read().findings.len(), 6);
    let values = |given: &Given| -> Vec<(String, String)> {
        let rejects = given.read().intake.excerpts(&given.inputs, &given.read().findings).unwrap_or_default();
        rejects.into_iter().map(|reject| (reject.key, reject.value)).collect()
    };
    assert_eq!(values(&from_text), values(&columns));
}

#[test]
fn typed_columns_say_the_same_as_text() {
    let head = "subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,\
                ordered_at,term_start,term_end,unit_price,auto_renew\n";
    let row = "S,C,P,0001,NL,EUR,P1Y,monthly,10,2026-01-01T09:00:00.25Z,2026-01-01,,144.5,false\n";
    let expected = shown(&Given::new().with(Table::Subscriptions, "s.csv", format!("{head}{row}")).read());
    let dictionary: DictionaryArray<Int32Type> = vec!["NL"].into_iter().collect();
    let epoch_day = 20_454; // 2026-01-01
    let seconds = i64::from(epoch_day) * 86_400;
    let ordered = seconds * 1_000 + 32_400_250;
    let zoned =
        |array: TimestampMillisecondArray| -> ArrayRef { Arc::new(array.with_timezone("Europe/Amsterdam")) };
    let decimal = |array: Result<Decimal128Array, arrow_schema::ArrowError>| -> ArrayRef {
        array.map_or_else(|error| unreachable!("{error}"), |array| Arc::new(array) as ArrayRef)
    };
    let quantities: Vec<ArrayRef> = vec![
        Arc::new(Int8Array::from(vec![10])),
        Arc::new(Int64Array::from(vec![10])),
        Arc::new(UInt32Array::from(vec![10])),
        decimal(Decimal128Array::from(vec![1_000]).with_precision_and_scale(18, 2)),
        text(["10"]),
    ];
    let starts: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![epoch_day])),
        Arc::new(Date64Array::from(vec![seconds * 1_000])),
        Arc::new(TimestampSecondArray::from(vec![seconds])),
        Arc::new(TimestampNanosecondArray::from(vec![seconds * 1_000_000_000]).with_timezone("UTC")),
        text(["2026-01-01"]),
    ];
    let instants: Vec<ArrayRef> = vec![
        Arc::new(TimestampMillisecondArray::from(vec![ordered])),
        zoned(TimestampMillisecondArray::from(vec![ordered])),
        Arc::new(TimestampMicrosecondArray::from(vec![ordered * 1_000])),
        Arc::new(TimestampNanosecondArray::from(vec![ordered * 1_000_000])),
    ];
    let scaled = |scale: u32| 1_445 * 10_i64.pow(scale - 1);
    let prices: Vec<ArrayRef> = vec![
        decimal(Decimal128Array::from(vec![i128::from(scaled(2))]).with_precision_and_scale(18, 2)),
        decimal(Decimal128Array::from(vec![i128::from(scaled(10))]).with_precision_and_scale(38, 10)),
        Decimal32Array::from(vec![14_450])
            .with_precision_and_scale(9, 2)
            .map_or_else(|_| text(["x"]), |a| Arc::new(a)),
        Decimal64Array::from(vec![14_450])
            .with_precision_and_scale(18, 2)
            .map_or_else(|_| text(["x"]), |a| Arc::new(a)),
        Decimal256Array::from(vec![arrow_buffer_i256(scaled(4))])
            .with_precision_and_scale(60, 4)
            .map_or_else(|_| text(["x"]), |a| Arc::new(a)),
        text(["144.50"]),
    ];
    for number in 0..6 {
        let pick = |arrays: &[ArrayRef]| Arc::clone(&arrays[number % arrays.len()]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("unknown", Arc::new(Float64Array::from(vec![1.5]))),
            ("unit_price", pick(&prices)),
            ("subscription_id", Arc::new(LargeStringArray::from(vec!["S"]))),
            ("customer_id", Arc::new(StringViewArray::from(vec!["C"]))),
            ("product_id", text(["P"])),
            ("sku_id", text(["0001"])),
            ("market", Arc::new(dictionary.clone())),
            ("currency", text(["EUR"])),
            ("term", text(["P1Y"])),
            ("billing_cycle", text(["monthly"])),
            ("quantity", pick(&quantities)),
            ("ordered_at", pick(&instants)),
            ("term_start", pick(&starts)),
            ("term_end", Arc::new(NullArray::new(1))),
            ("auto_renew", Arc::new(BooleanArray::from(vec![false]))),
        ];
        let given = Given::new().with(Table::Subscriptions, "s.parquet", parquet(columns));
        assert_eq!(shown(&given.read()), expected, "{number}");
        assert_eq!(given.read().warnings.len(), 1);
    }
}

fn arrow_buffer_i256(
    value: i64,
) -> <arrow_array::types::Decimal256Type as arrow_array::ArrowPrimitiveType>::Native {
    use arrow_array::ArrowNativeTypeOp;
    let one = <arrow_array::types::Decimal256Type as arrow_array::ArrowPrimitiveType>::Native::ONE;
    (0..value).fold(one.sub_wrapping(one), |sum, _| sum.add_wrapping(one))
}

#[test]
fn odd_numbers_in_columns_are_findings() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("subscription_id", text(["A", "B", ""])),
        (
            "changed_at",
            Arc::new(TimestampNanosecondArray::from(vec![Some(1_780_000_000_000_000_001), None, Some(0)])),
        ),
        ("quantity", Arc::new(Int64Array::from(vec![5_000_000_000, 0, 1]))),
    ];
    let rows = "subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,term_start\n\
                A,C,P,1,NL,EUR,P1Y,monthly,1,2026-01-01\nB,C,P,1,NL,EUR,P1Y,monthly,1,2026-01-01\n";
    let given = Given::new().with(Table::Subscriptions, "s.csv", rows).with(
        Table::SeatChanges,
        "c.parquet",
        parquet(columns),
    );
    let expected = [
        "subscriptions:1: subscription-parked parked",
        "subscriptions:2: subscription-parked parked",
        "seat_changes:1:changed_at instant-invalid parked",
        "seat_changes:1:quantity number-invalid parked",
        "seat_changes:2:changed_at value-missing parked",
        "seat_changes:3:subscription_id value-missing parked",
    ];
    assert_eq!(given.findings(), expected);
}

#[test]
fn floats_and_unknown_types_refuse_the_file() {
    let file = |quantity: ArrayRef| {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", text(["C"])),
            ("product_id", text(["P"])),
            ("sku_id", text(["1"])),
            ("quantity", quantity),
        ];
        Given::new().with(Table::Holdings, "h.parquet", parquet(columns))
    };
    let (code, message) = refused(&file(Arc::new(Float64Array::from(vec![10.0]))));
    assert_eq!(code, 65);
    assert_eq!(message, "h.parquet: the column \"quantity\" holds floats (Float64)");
    let (code, message) = refused(&file(Arc::new(arrow_array::BinaryArray::from(vec![b"10".as_slice()]))));
    assert_eq!((code, message.contains("of the type")), (65, true), "{message}");
    let missing =
        Given::new().with(Table::Holdings, "h.parquet", parquet(vec![("customer_id", text(["C"]))]));
    assert_eq!(refused(&missing).0, 65);
}

/// Sixty customers, written by pyarrow 26 with `write_page_checksum=True` and zstd; the parquet crate writes no CRCs.
const CHECKSUMMED: &[u8] = include_bytes!("../../../tests/fixtures/customers_with_page_checksums.parquet");

/// The customers as they are read, or the exit code of the refusal.
fn read_customers(bytes: &[u8]) -> Result<String, u8> {
    let given = Given::new().with(Table::Customers, "customers.parquet", bytes);
    let read = given.try_read().map_err(|error| error.exit_code())?;
    Ok(format!(
        "{:?}{:?}{:?}{:?}{:?}",
        read.book, read.intake.catalog.partners, read.names, read.findings, read.warnings
    ))
}

#[test]
fn a_cut_file_is_never_read() {
    assert!(read_customers(CHECKSUMMED).is_ok_and(|all| all.contains("CUS-00059")));
    for end in 0..CHECKSUMMED.len() {
        assert_eq!(read_customers(&CHECKSUMMED[..end]), Err(66), "cut at {end}");
    }
}

#[test]
fn a_changed_byte_is_found_or_changes_nothing() {
    let whole = read_customers(CHECKSUMMED);
    let pages = CHECKSUMMED.windows(4).position(|bytes| bytes == b"PAR1");
    assert_eq!(pages, Some(0));
    let footer = CHECKSUMMED.len() - 8;
    let length = u32::from_le_bytes([
        CHECKSUMMED[footer],
        CHECKSUMMED[footer + 1],
        CHECKSUMMED[footer + 2],
        CHECKSUMMED[footer + 3],
    ]);
    let metadata = footer - length as usize;
    let (mut refused, mut same, mut odd) = (0, 0, Vec::new());
    for place in 0..CHECKSUMMED.len() {
        let mut bytes = CHECKSUMMED.to_vec();
        bytes[place] ^= 1 << (place % 8);
        match read_customers(&bytes) {
            Err(code) => {
                assert!(matches!(code, 65 | 66 | 71), "{code} at {place}");
                refused += 1;
            }
            Ok(all) if Ok(&all) == whole.as_ref() => same += 1,
            // The footer has no checksum: a column's name may change, and is then an unknown column with a warning.
            Ok(all) => {
                assert!(place >= metadata, "a page changed in silence at {place}");
                odd.push((place, all.contains("is unknown and not read")));
            }
        }
    }
    assert!(odd.iter().all(|(_, warned)| *warned), "changed in silence: {odd:?}");
    assert!(refused > same, "{refused} refused, {same} without effect");
}

#[test]
fn nonsense_is_damaged() {
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"customer_id,market\nA,NL\n"]
    {
        assert_eq!(read_customers(bytes), Err(66));
    }
}

#[test]
fn ids_come_from_parquet_as_they_stand() {
    let columns = vec![("customer_id", text(["0007", "0010"])), ("market", text(["NL", "NL"]))];
    let given = Given::new().with(Table::Customers, "customers.parquet", parquet(columns));
    assert_eq!(given.read().names.customer(CustomerId::of_rank(0)), "0007");
}
