//! The keys file on disk: followed while a process runs, changed by `sluicebox keys`. Owns this I/O and decides nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use settings::{WatchError, Watched};

use crate::key::{ApiKey, KeyTable};

/// Opens the file and follows it: a change holds within moments, a file that cannot be read never replaces a good one.
pub fn follow(path: impl Into<PathBuf>) -> Result<Watched<KeyTable>, WatchError> {
    let watched = Watched::open(path, |texts: &[(String, String)]| {
        let text: String = texts
            .iter()
            .map(|(_, text)| text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        KeyTable::read(&text)
    })?;
    Ok(watched.described(|table| format!("{} keys", table.entries().len())))
}

/// A new key of the system's random bytes; none if it gives none.
pub fn new_key() -> Option<ApiKey> {
    ApiKey::new(&SystemRandom::new())
}

/// The text of the file; empty if there is none yet.
pub fn read(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// Changes the file as a whole: readers see the old text or the new one, and two changes at once wait for each other.
/// A new file can be read by its owner alone; one that was there keeps its mode, and a link stays a link.
pub fn change<T, E: From<io::Error>>(
    path: &Path,
    change: impl FnOnce(&str) -> Result<(String, T), E>,
) -> Result<T, E> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(beside(path, ".lock"))?;
    lock.lock()?;
    let (text, made) = change(&read(path)?)?;
    let new = beside(path, ".new");
    let mut file = written_anew(&new)?;
    if let Ok(old) = fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    Ok(made)
}

/// A hidden name in the same folder, so that the renaming is one step and a followed folder does not read it.
fn beside(path: &Path, end: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{end}"))
}

fn written_anew(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn changes_at_once_are_all_there_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    change(path, |text| Ok::<_, io::Error>((format!("{text}{number}\n"), ()))).unwrap();
                });
            }
        });
        assert_eq!(read(&path).unwrap().lines().count(), 8);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.jsonl");
        fs::write(&path, "a").unwrap();
        let failed = change(&path, |_| Err::<(String, ()), _>(io::Error::other("no")));
        assert!(failed.is_err());
        assert_eq!(read(&path).unwrap(), "a");
        assert_eq!(read(&folder.path().join("none")).unwrap(), "");
    }
}
