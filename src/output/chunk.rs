//! A column chunk of Parquet, made by hand out of pages.
//!
//! The arrow writer looks every value of a dictionary up again by its bytes, and takes every number through several
//! buffers; most cells here are numbers of words already. So pages are laid out here and handed to the parquet crate's
//! own page writer, which writes their headers. What is used of the format is widely read: data pages of version 1,
//! plain, dictionary and (for ids) DELTA_BYTE_ARRAY encoding, zstd.

use super::packing::{push_hybrid, push_run};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

const ZSTD_LEVEL: i32 = 1;

/// How pages are compressed.
pub(super) fn compression() -> Result<Compression, ParquetError> {
    Ok(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
}

/// What compresses the pages of a row group.
pub(super) fn compressor() -> Result<Compressor<'static>, ParquetError> {
    Ok(Compressor::new(ZSTD_LEVEL)?)
}

/// A column chunk, encoded.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// A column chunk that is being made.
pub(super) struct ChunkWriter<'z> {
    column: ColumnDescPtr,
    compressor: &'z mut Compressor<'static>,
    sink: TrackedWrite<Vec<u8>>,
    /// The body of the page that is being made.
    body: Vec<u8>,
    dictionary_at: Option<u64>,
    data_at: Option<u64>,
    uncompressed: usize,
    pages: Vec<PageEncodingStats>,
    rows: usize,
}

impl<'z> ChunkWriter<'z> {
    /// A chunk without a page.
    pub(super) fn new(column: ColumnDescPtr, compressor: &'z mut Compressor<'static>) -> ChunkWriter<'z> {
        ChunkWriter {
            column,
            compressor,
            sink: TrackedWrite::new(Vec::new()),
            body: Vec::new(),
            dictionary_at: None,
            data_at: None,
            uncompressed: 0,
            pages: Vec::new(),
            rows: 0,
        }
    }

    /// Writes the dictionary, which comes before every other page.
    pub(super) fn dictionary(&mut self, plain: &[u8], entries: usize) -> Result<(), ParquetError> {
        let page = Page::DictionaryPage {
            buf: self.compressed(plain)?,
            num_values: entries as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let spec = self.write(page, plain.len(), PageType::DICTIONARY_PAGE, Encoding::PLAIN)?;
        self.dictionary_at = Some(spec.offset);
        Ok(())
    }

    /// Writes a page of rows. `levels` says for each row whether it has a value: 1, or 0; none: every row has.
    pub(super) fn page(
        &mut self,
        rows: usize,
        levels: Option<&[u32]>,
        encoding: Encoding,
        values: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), ParquetError> {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        body.extend_from_slice(&[0; 4]);
        match levels {
            Some(levels) => push_hybrid(&mut body, 1, levels),
            None => push_run(&mut body, 1, 1, rows),
        }
        let length = (body.len() - 4) as u32;
        body[..4].copy_from_slice(&length.to_le_bytes());
        values(&mut body);
        let page = Page::DataPage {
            buf: self.compressed(&body)?,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let spec = self.write(page, body.len(), PageType::DATA_PAGE, encoding)?;
        self.data_at.get_or_insert(spec.offset);
        self.rows += rows;
        self.body = body;
        Ok(())
    }

    fn compressed(&mut self, body: &[u8]) -> Result<Bytes, ParquetError> {
        Ok(self.compressor.compress(body)?.into())
    }

    fn write(
        &mut self,
        page: Page,
        uncompressed: usize,
        page_type: PageType,
        encoding: Encoding,
    ) -> Result<PageWriteSpec, ParquetError> {
        let spec =
            SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, uncompressed))?;
        self.uncompressed += spec.uncompressed_size;
        match self.pages.iter_mut().find(|pages| pages.page_type == page_type && pages.encoding == encoding) {
            Some(pages) => pages.count += 1,
            None => self.pages.push(PageEncodingStats { page_type, encoding, count: 1 }),
        }
        Ok(spec)
    }

    /// Ends the chunk.
    pub(super) fn finish(self, statistics: Option<Statistics>) -> Result<Chunk, ParquetError> {
        let length = self.sink.bytes_written();
        let mut encodings: Vec<Encoding> = self.pages.iter().map(|pages| pages.encoding).collect();
        encodings.push(Encoding::RLE);
        let mut metadata = ColumnChunkMetaData::builder(self.column)
            .set_encodings(encodings)
            .set_page_encoding_stats(self.pages)
            .set_compression(compression()?)
            .set_total_compressed_size(length as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(self.data_at.unwrap_or_default() as i64)
            .set_dictionary_page_offset(self.dictionary_at.map(|offset| offset as i64));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: length as u64,
            rows_written: self.rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes: self.sink.into_inner()?.into(), close })
    }
}
