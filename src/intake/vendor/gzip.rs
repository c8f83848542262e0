//! Files that come packed: gzip, of one member or of many, is unpacked beside the output and read like any other.
//!
//! It is unpacked whole and not on the way, since findings go back to their rows. A member whose checksum does not hold, or
//! that is cut, is damage of the file.

use crate::intake::error::IntakeError;
use crate::intake::files::Version;
use crate::intake::{FileFacts, Reading};
use crate::job::{InputFile, Inputs};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use termwise_engine::findings::Table;

/// Bytes that are unpacked at a time.
const PIECE: usize = 1 << 18;
/// No invoice unpacks to more.
const UNPACKED_MOST: u64 = 256 << 30;

/// A file that was unpacked; it is gone when this is.
#[derive(Debug)]
pub(super) struct Unpacked {
    table: Table,
    number: usize,
    bytes: u64,
    hash: String,
    _file: NamedTempFile,
}

/// The inputs with every packed file of a reconciliation unpacked.
pub(super) fn unpack(inputs: &Inputs, reading: &Reading) -> Result<(Inputs, Vec<Unpacked>), IntakeError> {
    let mut inputs = inputs.clone();
    let mut unpacked = Vec::new();
    for table in [Table::VendorLines, Table::InvoiceLines] {
        let files = inputs.files.get_mut(&table).map(Vec::as_mut_slice).unwrap_or_default();
        for (number, file) in files.iter_mut().enumerate() {
            if !is_packed(&file.path) {
                continue;
            }
            let (temporary, bytes, hash) = unpack_file(file, &reading.beside)?;
            file.path = temporary.path().to_owned();
            unpacked.push(Unpacked { table, number, bytes, hash, _file: temporary });
        }
    }
    Ok((inputs, unpacked))
}

/// What the manifest says of a packed file is what came, not what was made of it.
pub(super) fn restore_facts(unpacked: &[Unpacked], files: &mut [FileFacts]) {
    for facts in files {
        let known = |one: &&Unpacked| one.table == facts.table && one.number == usize::from(facts.file);
        if let Some(one) = unpacked.iter().find(known) {
            facts.bytes = one.bytes;
            facts.hash.clone_from(&one.hash);
        }
    }
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

fn unpack_file(file: &InputFile, beside: &Path) -> Result<(NamedTempFile, u64, String), IntakeError> {
    let shown = &file.shown;
    let inner = file.path.file_stem().map(Path::new).and_then(Path::extension);
    if !inner.is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let hint = "pack CSV files only: Parquet is packed in itself";
        return Err(IntakeError::refused(shown, "a packed file is named .csv.gz", hint));
    }
    let version = Version::of_input(file)?;
    let open = File::open(&file.path).map_err(|error| IntakeError::unread(shown, &error))?;
    let spilt = |error: std::io::Error| IntakeError::Spill { why: error.to_string() };
    let place = crate::intake::parts::place_beside(beside);
    let temporary =
        tempfile::Builder::new().prefix(".unpacked-").suffix(".csv").tempfile_in(place).map_err(spilt)?;
    let mut hashing = Hashing { file: &open, hasher: blake3::Hasher::new() };
    let mut decoder = MultiGzDecoder::new(&mut hashing);
    let mut out = BufWriter::with_capacity(PIECE, temporary.as_file());
    let mut piece = vec![0; PIECE];
    let mut unpacked: u64 = 0;
    loop {
        let read = decoder.read(&mut piece).map_err(|error| IntakeError::damaged(shown, error))?;
        if read == 0 {
            break;
        }
        unpacked += read as u64;
        if unpacked > UNPACKED_MOST {
            return Err(IntakeError::limit(shown, "the file unpacks to more than 256 GiB"));
        }
        out.write_all(&piece[..read]).map_err(spilt)?;
    }
    out.flush().map_err(spilt)?;
    drop(out);
    drop(decoder);
    version.check(&open, &file.path, shown)?;
    let hash = hashing.hasher.finalize().to_hex().to_string();
    Ok((temporary, version.bytes(), hash))
}

/// Hashes what is read.
struct Hashing<'f> {
    file: &'f File,
    hasher: blake3::Hasher,
}

impl Read for Hashing<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(out)?;
        self.hasher.update(&out[..read]);
        Ok(read)
    }
}
