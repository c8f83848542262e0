//! A file of its own: it appears whole under its name, or stays as it was.

use super::OutputError;
use std::io::Write;
use std::path::Path;

/// Writes a file beside its place, puts it on the disk and moves it there; a file that had the name before is gone then. It is
/// the owner's alone, as what it holds may be personal. What is no file of its own, a folder, a device, a pipe or a link, is
/// left as it is, and so is a file that may not be written.
///
/// # Errors
/// The place can't be used, or writing failed; the file is then what it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let names_a_folder = path.as_os_str().as_encoded_bytes().last() == Some(&b'/');
    let standing = match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Some("it is a folder"),
        Ok(found) if found.is_symlink() => Some("it is a link: name the file that it leads to"),
        Ok(found) if !found.is_file() => {
            Some("it is a device or a pipe: leave --out away to write to stdout")
        }
        Ok(found) if found.permissions().readonly() => Some("it may not be written"),
        Ok(_) => None,
        Err(_) => names_a_folder.then_some("it is a folder that does not exist"),
    };
    if let Some(why) = standing {
        return Err(OutputError::place(path, why.to_owned()));
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
        let link = folder.path().join("link.csv");
        assert!(std::os::unix::fs::symlink(&path, &link).is_ok());
        assert_eq!(replace(&link, b"x").map_err(|error| error.exit_code()), Err(73));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
        assert_eq!(replace(&folder.path().join("new/"), b"x").map_err(|error| error.exit_code()), Err(73));
        let nowhere = folder.path().join("missing").join("answers.csv");
        assert_eq!(replace(&nowhere, b"x").map_err(|error| error.exit_code()), Err(73));
    }
}
