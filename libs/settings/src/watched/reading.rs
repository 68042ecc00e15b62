//! Reads a file or a folder of files into texts.

use std::fs;
use std::path::Path;

use super::{Texts, WatchError};

/// Larger files are no rules, tables or templates of ours.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
const MAX_FILES: usize = 4096;
const MAX_DEPTH: usize = 4;

/// The text of a file, or all texts of a folder with their names relative to it, sorted; hidden files and editors'
/// backups are left out.
pub fn texts(path: &Path) -> Result<Vec<(String, String)>, WatchError> {
    let mut texts = Vec::new();
    if path.is_dir() {
        folder(path, path, 0, &mut texts)?;
    } else {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        texts.push((name, file(path)?));
    }
    texts.sort();
    Ok(texts)
}

fn folder(root: &Path, at: &Path, depth: usize, texts: &mut Texts) -> Result<(), WatchError> {
    for entry in fs::read_dir(at).map_err(|error| failed(at, &error))? {
        let path = entry.map_err(|error| failed(at, &error))?.path();
        if left_out(&path) {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                folder(root, &path, depth + 1, texts)?;
            }
            continue;
        }
        if texts.len() == MAX_FILES {
            return Err(failed(root, &format!("it holds more than {MAX_FILES} files")));
        }
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        texts.push((name, file(&path)?));
    }
    Ok(())
}

/// Hidden entries (among them the `..data` of a `ConfigMap`, whose files are linked beside it) and editors' backups.
fn left_out(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    name.starts_with('.') || name.ends_with('~')
}

fn file(path: &Path) -> Result<String, WatchError> {
    let length = fs::metadata(path).map_err(|error| failed(path, &error))?.len();
    if length > MAX_FILE_BYTES {
        return Err(failed(path, &"it is larger than 64 MiB"));
    }
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, reason: &dyn ToString) -> WatchError {
    WatchError::Read {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
