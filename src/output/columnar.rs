//! Tables in Parquet: the same columns as in CSV, as typed arrays.
//!
//! A block of rows becomes a row group, compressed by zstd at level 1. A decimal that its column can't hold to the last
//! digit stops the run; it is never cut.

use super::OutputError;
use super::sheet::{Cell, Column, Context, Width};
use super::staging::StagedFile;
use arrow_array::builder::StringBuilder;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;
use termwise_engine::calendar::Instant;

const ZSTD_LEVEL: i32 = 1;
const TICKS_PER_MICROSECOND: i64 = 10;

/// A row group, encoded.
pub(super) type Chunks = Vec<ArrowColumnChunk>;

/// A table's file, to which row groups are appended.
pub(super) struct ColumnarFile {
    writer: SerializedFileWriter<StagedFile>,
    encoder: Encoder,
}

/// What encodes row groups; of any thread.
#[derive(Clone)]
pub(super) struct Encoder(Arc<ArrowRowGroupWriterFactory>);

impl ColumnarFile {
    /// Begins a table.
    pub(super) fn new(schema: SchemaRef, file: StagedFile) -> Result<ColumnarFile, ParquetError> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("termwise {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::ZSTD(level))
            .build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
        let (writer, factory) = writer.into_serialized_writer()?;
        Ok(ColumnarFile { writer, encoder: Encoder(Arc::new(factory)) })
    }

    /// What encodes its row groups.
    pub(super) fn encoder(&self) -> Encoder {
        self.encoder.clone()
    }

    /// Appends a row group.
    pub(super) fn append(&mut self, chunks: Chunks) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the end of the table.
    pub(super) fn finish(self) -> Result<StagedFile, ParquetError> {
        self.writer.into_inner()
    }
}

impl Encoder {
    /// Encodes a row group.
    pub(super) fn encode(&self, batches: &[RecordBatch]) -> Result<Chunks, ParquetError> {
        let mut writers = self.0.create_column_writers(0)?;
        for batch in batches {
            for ((writer, column), field) in
                writers.iter_mut().zip(batch.columns()).zip(batch.schema_ref().fields())
            {
                for leaf in compute_leaves(field, column)? {
                    writer.write(&leaf)?;
                }
            }
        }
        writers.into_iter().map(|writer| writer.close()).collect()
    }
}

/// The error of the file below, where there is one.
pub(super) fn to_io(error: ParquetError) -> std::io::Error {
    match std::io::Error::from(error) {
        error if error.raw_os_error().is_some() => error,
        error => std::io::Error::other(error.to_string()),
    }
}

/// The columns' names and types.
pub(super) fn schema<R>(columns: &[Column<R>]) -> SchemaRef {
    let field = |column: &Column<R>| Field::new(column.name, data_type(&column.cell), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

fn data_type<R>(cell: &Cell<R>) -> DataType {
    match cell {
        Cell::Text(_) => DataType::Utf8,
        Cell::Day(_) => DataType::Date32,
        Cell::Instant(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Cell::Count(_) => DataType::Int64,
        Cell::Flag(_) => DataType::Boolean,
        Cell::Decimal(width, _) => DataType::Decimal128(width.precision, width.scale.cast_signed()),
    }
}

/// The arrays of a block of rows.
pub(super) fn batch<R>(
    columns: &[Column<R>],
    context: &Context<'_>,
    rows: &[R],
) -> Result<RecordBatch, OutputError> {
    let arrays = columns.iter().map(|column| array(column, context, rows)).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema(columns), arrays)
        .map_err(|error| OutputError::broken("every column has every row", error.to_string()))
}

fn array<R>(column: &Column<R>, context: &Context<'_>, rows: &[R]) -> Result<ArrayRef, OutputError> {
    Ok(match column.cell {
        Cell::Text(get) => Arc::new(texts(get, context, rows)),
        Cell::Day(get) => {
            let days = rows.iter().map(|row| get(context, row).map(|day| day.epoch_days()));
            Arc::new(days.collect::<PrimitiveArray<Date32Type>>())
        }
        Cell::Instant(get) => {
            let moments = rows.iter().map(|row| get(context, row).map(microseconds));
            Arc::new(moments.collect::<PrimitiveArray<TimestampMicrosecondType>>().with_timezone("UTC"))
        }
        Cell::Count(get) => {
            Arc::new(rows.iter().map(|row| get(context, row)).collect::<PrimitiveArray<Int64Type>>())
        }
        Cell::Flag(get) => Arc::new(rows.iter().map(|row| get(context, row)).collect::<BooleanArray>()),
        Cell::Decimal(width, get) => {
            let units = |row: &R| match get(context, row) {
                None => Ok(None),
                Some(decimal) => match decimal.at_scale(width.precision, width.scale) {
                    Some(units) => Ok(Some(units)),
                    None => Err(too_wide(column.name, width, decimal.to_string())),
                },
            };
            let units = rows.iter().map(units).collect::<Result<PrimitiveArray<Decimal128Type>, _>>()?;
            let typed = units.with_precision_and_scale(width.precision, width.scale.cast_signed());
            Arc::new(typed.map_err(|error| too_wide(column.name, width, error.to_string()))?)
        }
    })
}

fn texts<R>(
    get: fn(&Context<'_>, &R, &mut String),
    context: &Context<'_>,
    rows: &[R],
) -> arrow_array::StringArray {
    let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 16);
    let mut text = String::new();
    for row in rows {
        text.clear();
        get(context, row, &mut text);
        builder.append_option((!text.is_empty()).then_some(text.as_str()));
    }
    builder.finish()
}

/// Whole microseconds since 1970: the last of an instant's seven digits goes.
fn microseconds(instant: Instant) -> i64 {
    instant.ticks().div_euclid(TICKS_PER_MICROSECOND)
}

fn too_wide(name: &str, width: Width, value: String) -> OutputError {
    let Width { precision, scale } = width;
    OutputError::broken(
        "every number fits its column",
        format!("{name} is {value}, more than Decimal({precision},{scale}) holds"),
    )
}
