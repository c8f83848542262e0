//! Tables in Parquet: the same columns as in CSV, with types.
//!
//! A block of rows becomes a row group. A decimal that its column can't hold to the last digit stops the run; it is
//! never cut.

use super::chunk::{Chunk, ChunkWriter, compression, compressor};
use super::encode::{Part, encode};
use super::sheet::{Column, Shape};
use super::staging::StagedFile;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// A table's file, to which row groups are appended.
pub(super) struct ColumnarFile {
    writer: SerializedFileWriter<StagedFile>,
    encoder: Encoder,
}

/// What encodes row groups; of any thread.
#[derive(Clone)]
pub(super) struct Encoder(Arc<SchemaDescriptor>);

impl ColumnarFile {
    /// Begins a table.
    pub(super) fn new<R>(columns: &[Column<R>], file: StagedFile) -> Result<ColumnarFile, ParquetError> {
        let schema = schema(columns);
        let mut properties = WriterProperties::builder()
            .set_created_by(format!("termwise {}", env!("CARGO_PKG_VERSION")))
            .set_compression(compression()?)
            // There are no pages to look up: chunks have bounds, and a block is read in milliseconds.
            .set_offset_index_disabled(true)
            .build();
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let descriptor = ArrowSchemaConverter::new().convert(&schema)?;
        let writer = SerializedFileWriter::new(file, descriptor.root_schema_ptr(), Arc::new(properties))?;
        Ok(ColumnarFile { writer, encoder: Encoder(Arc::new(descriptor)) })
    }

    /// What encodes its row groups.
    pub(super) fn encoder(&self) -> Encoder {
        self.encoder.clone()
    }

    /// Appends a row group.
    pub(super) fn append(&mut self, chunks: Vec<Chunk>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            group.append_column(&chunk.bytes, chunk.close)?;
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
    /// Encodes a row group; `parts` gives those of a column.
    pub(super) fn encode<'a>(
        &self,
        parts: impl Fn(usize) -> Vec<Part<'a>>,
    ) -> Result<Vec<Chunk>, ParquetError> {
        let mut compressor = compressor()?;
        let columns = self.0.columns().iter().enumerate();
        let chunk = |(number, column): (usize, &parquet::schema::types::ColumnDescPtr)| {
            encode(ChunkWriter::new(Arc::clone(column), &mut compressor), &parts(number))
        };
        columns.map(chunk).collect()
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
fn schema<R>(columns: &[Column<R>]) -> Schema {
    let field = |column: &Column<R>| Field::new(column.name, data_type(column.shape), true);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

fn data_type(shape: Shape) -> DataType {
    match shape {
        Shape::Text => DataType::Utf8,
        Shape::Day => DataType::Date32,
        Shape::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Shape::Count => DataType::Int64,
        Shape::Flag => DataType::Boolean,
        Shape::Decimal(width) => DataType::Decimal128(width.precision, width.scale.cast_signed()),
    }
}
