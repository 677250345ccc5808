//! Writing files: whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Failure;

/// The files of a result folder.
pub const MEASUREMENTS: &str = "measurements.csv";
pub const SAMPLES: &str = "samples.csv";
pub const COSTS: &str = "costs.csv";
/// Names of files that are not whole yet.
pub const PREFIX: &str = ".mtok-";
pub const SUFFIX: &str = ".tmp";

/// The folder of caches, where it is not the system's.
pub const CACHE_VARIABLE: &str = "MTOK_CACHE";

/// Where what can be had again is kept; `None` where the system has no place for it.
pub fn cache_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let named = std::env::var_os(CACHE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let own = || Some(etcetera::base_strategy::choose_native_strategy().ok()?.cache_dir().join("mtok"));
    named.or_else(own)
}

/// Writes beside and renames: a reader sees the old file or the new one.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// The same for what is written piece by piece.
pub fn write_atomic_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder)?;
        // Not through the wrapper, whose errors name the file that is about to go.
        fill(file.as_file_mut())?;
        file.as_file().sync_all()?;
        make_readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| Failure::cannot_write(path, error))
}

/// Writes what the user asked to have in a file. A plain file is replaced as a whole, behind a link as well; a
/// device or a pipe is written to, since renaming would put a plain file in its place.
pub fn write_out(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let there = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match there.metadata() {
        Ok(it) if it.is_dir() => Err(Failure::cannot_write(path, "is a folder")),
        Ok(it) if !it.is_file() => {
            let written =
                fs::OpenOptions::new().write(true).open(&there).and_then(|mut it| it.write_all(bytes));
            written.map_err(|error| Failure::cannot_write(path, error))
        }
        _ => write_atomic(&there, bytes),
    }
}

/// Temporary files are private to their owner; results are for everybody who may read the folder.
#[cfg(unix)]
pub fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}
