//! Where outputs are written before anybody sees them, and the one rename that publishes them.
//!
//! A run writes into `.staging-…` inside the output folder, so that the rename stays on one file system; folders are
//! for their owner only (0700), files too (0600), and a file that is there already is never opened. A lock file beside
//! the folder is held for as long as the run lives. What a crashed run left is removed by the next one, which knows it
//! by a lock that nobody holds; nothing here looks at a clock.

use super::OutputError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

const PREFIX: &str = ".staging-";
const LOCK: &str = ".lock";
/// Bytes that are hashed and written at a time.
const BUFFER: usize = 1 << 18;

/// A folder that is being filled; dropped before it is published, it leaves nothing behind.
pub(super) struct Staging {
    place: PathBuf,
    folder: PathBuf,
    // Held, and removed with the rest, when this is dropped; in a ledger its own lock is held already.
    _lock: Option<NamedTempFile>,
}

impl Staging {
    /// Checks the output folder, removes what crashed runs left in it, and opens a new staging folder.
    ///
    /// # Errors
    /// The place can't be used.
    pub(super) fn open(place: &Path) -> Result<Staging, OutputError> {
        let place = checked(place)?;
        remove_crashed(&place);
        let unusable = |source: io::Error| {
            // A full disk is no fault of the place.
            if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
                return OutputError::Write { path: place.clone(), source };
            }
            OutputError::place(&place, format!("nothing can be written here: {source}"))
        };
        let lock =
            tempfile::Builder::new().prefix(PREFIX).suffix(LOCK).tempfile_in(&place).map_err(unusable)?;
        lock.as_file().try_lock().map_err(io::Error::from).map_err(unusable)?;
        let folder = lock.path().with_extension("");
        private_folder().create(&folder).map_err(unusable)?;
        Ok(Staging { place, folder, _lock: Some(lock) })
    }

    /// Opens the staging folder of a ledger, whose lock the caller holds: what stood there before was never true.
    ///
    /// # Errors
    /// The place can't be used.
    pub(super) fn open_in_ledger(ledger: &Path) -> Result<Staging, OutputError> {
        let place = ledger.join("staging");
        let folder = place.join("next");
        let failed = |source| OutputError::Write { path: folder.clone(), source };
        private_folder().create(&folder).map_err(failed)?;
        Ok(Staging { place, folder, _lock: None })
    }

    /// Where files are staged.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The output folder.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// A new file.
    pub(super) fn create(&self, name: &str) -> Result<StagedFile, OutputError> {
        let path = self.folder.join(name);
        match private_file().open(&path) {
            Ok(file) => Ok(StagedFile {
                name: name.to_owned(),
                path,
                file,
                buffer: Vec::with_capacity(BUFFER),
                hash: blake3::Hasher::new(),
                bytes: 0,
            }),
            Err(source) => Err(OutputError::Write { path, source }),
        }
    }

    /// A folder in it, for files that are told apart by it.
    pub(super) fn make_folder(&self, name: &str) -> Result<(), OutputError> {
        let path = self.folder.join(name);
        private_folder().create(&path).map_err(|source| OutputError::Write { path, source })
    }

    /// Puts what such a folder lists on the disk.
    pub(super) fn sync_folder(&self, name: &str) -> Result<(), OutputError> {
        let path = self.folder.join(name);
        sync_folder(&path).map_err(|source| OutputError::Write { path, source })
    }

    /// Publishes the folder under a name, and tells whether it did: a folder of that name is left as it is.
    pub(super) fn publish(self, name: &str) -> Result<bool, OutputError> {
        let place = self.place.clone();
        self.publish_in(&place, name)
    }

    /// Publishes the folder under a name in a place of the same file system, by one rename.
    pub(super) fn publish_in(self, place: &Path, name: &str) -> Result<bool, OutputError> {
        let target = place.join(name);
        let failed = |path: &Path, source| OutputError::Write { path: path.to_owned(), source };
        sync_folder(&self.folder).map_err(|source| failed(&self.folder, source))?;
        if fs::symlink_metadata(&target).is_ok() {
            return Ok(false);
        }
        match fs::rename(&self.folder, &target) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
                return Ok(false);
            }
            Err(source) => return Err(failed(&target, source)),
        }
        sync_folder(place).map_err(|source| failed(place, source))?;
        if place != self.place {
            sync_folder(&self.place).map_err(|source| failed(&self.place, source))?;
        }
        Ok(true)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After the rename there is nothing of this name any more; an error leaves the folder to the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A file that is being written, counted and hashed.
pub(super) struct StagedFile {
    name: String,
    path: PathBuf,
    file: File,
    /// What is not yet hashed and written.
    buffer: Vec<u8>,
    hash: blake3::Hasher,
    bytes: u64,
}

impl StagedFile {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it on the disk.
    pub(super) fn finish(mut self, rows: Option<u64>) -> Result<Written, OutputError> {
        let flushed = self.flush().and_then(|()| self.file.sync_all());
        match flushed {
            Ok(()) => Ok(Written {
                name: self.name,
                rows,
                bytes: self.bytes,
                hash: self.hash.finalize().to_hex().to_string(),
            }),
            Err(source) => Err(OutputError::Write { path: self.path, source }),
        }
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() < BUFFER {
            self.buffer.extend_from_slice(bytes);
        } else {
            self.put(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let put = self.put(&buffer);
        buffer.clear();
        self.buffer = buffer;
        put
    }
}

impl StagedFile {
    /// Hashes and writes what came; the longer a piece, the faster it is hashed.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    /// The file's name in its folder.
    pub(super) name: String,
    /// Rows of a table.
    pub(super) rows: Option<u64>,
    /// Its length.
    pub(super) bytes: u64,
    /// Its blake3, in hex.
    pub(super) hash: String,
}

/// The output folder itself, made where it is missing: never a link that somebody else could turn elsewhere.
pub(super) fn checked(place: &Path) -> Result<PathBuf, OutputError> {
    // A trailing slash would make the system look through a link.
    let place: PathBuf = place.components().collect();
    match fs::symlink_metadata(&place) {
        Ok(found) if found.is_symlink() => {
            Err(OutputError::place(&place, "this is a symbolic link; name the folder itself".to_owned()))
        }
        Ok(found) if !found.is_dir() => Err(OutputError::place(&place, "this is not a folder".to_owned())),
        Ok(_) => Ok(place),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = private_folder().recursive(true).create(&place);
            let made =
                made.and_then(|()| place.parent().map_or(Ok(()), |parent| sync_folder(or_here(parent))));
            match made {
                Ok(()) => Ok(place),
                Err(source) => Err(OutputError::place(&place, format!("the folder can't be made: {source}"))),
            }
        }
        Err(source) => Err(OutputError::place(&place, format!("the folder can't be reached: {source}"))),
    }
}

fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Removes staging folders whose run is gone. What can't be removed is left: it is in nobody's way.
fn remove_crashed(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_lock = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(LOCK));
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !(is_lock && is_file) {
            continue;
        }
        let Ok(lock) = OpenOptions::new().read(true).write(true).open(entry.path()) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        let folder = entry.path().with_extension("");
        let removed = match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&folder).is_ok(),
            Ok(_) => false,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if removed {
            let _ = fs::remove_file(entry.path());
        }
    }
}

pub(super) fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Puts a folder's entries on the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    Ok(())
}
