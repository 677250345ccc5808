//! Numbers in small files. What is no such number is an error, whatever else stands there.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An attribute is a number with its line end.
const LENGTH_MAX: u64 = 64;

/// The number in a file. Attributes of sysfs are whole numbers; those that mtok reads are never negative.
///
/// # Errors
/// The file and what is wrong with it.
pub fn number(path: &Path) -> Result<u64, String> {
    let text = text(path)?;
    text.parse().map_err(|_| fault(path, format!("\"{}\" is no number", crate::text::inert(&text))))
}

/// The text of a file without its line end.
///
/// # Errors
/// The file and why it cannot be read.
pub fn text(path: &Path) -> Result<String, String> {
    let told = |error: std::io::Error| fault(path, error);
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(told)?.is_file() {
        return Err(fault(path, "is no file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(told)?.take(LENGTH_MAX + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(fault(path, "is too long for a value"));
    }
    let text = String::from_utf8(bytes).map_err(|_| fault(path, "is no text"))?;
    Ok(text.trim().to_owned())
}

/// The entries of a folder whose names start so, in the order of their names; none where there is no folder.
pub fn entries(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = |path: &PathBuf| path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(prefix));
    let mut entries: Vec<PathBuf> = listed.map(|entry| entry.path()).filter(named).collect();
    entries.sort();
    entries
}

fn fault(path: &Path, what: impl std::fmt::Display) -> String {
    crate::text::inert(&format!("{}: {what}", path.display()))
}
