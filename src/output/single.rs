//! A file of its own: it appears whole under its name, or stays as it was.

use super::OutputError;
use std::io::Write;
use std::path::Path;

/// Writes a file beside its place, puts it on the disk and moves it there; what had the name before is gone then. It is the
/// owner's alone, as what it holds may be personal.
///
/// # Errors
/// The place can't be used, or writing failed; the file is then what it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    if path.is_dir() {
        return Err(OutputError::place(path, "it is a folder".to_owned()));
    }
    let unusable = |error: std::io::Error| OutputError::place(path, error.to_string());
    let unwritten = |source| OutputError::Write { path: path.to_owned(), source };
    let mut staged = tempfile::NamedTempFile::new_in(folder).map_err(unusable)?;
    staged.write_all(bytes).and_then(|()| staged.as_file().sync_all()).map_err(unwritten)?;
    staged.persist(path).map_err(|error| unwritten(error.error))?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::replace;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.csv");
        for text in ["a much longer first answer", "short"] {
            assert!(replace(&path, text.as_bytes()).is_ok());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(replace(folder.path(), b"x").map_err(|error| error.exit_code()), Err(73));
        let nowhere = folder.path().join("missing").join("answers.csv");
        assert_eq!(replace(&nowhere, b"x").map_err(|error| error.exit_code()), Err(73));
    }
}
