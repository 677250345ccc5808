//! Small files that anybody may have put into a fleet's folder: plain ones only, of a bounded size, never waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use mtok::fleet::folders::PLAN;
use mtok::fleet::plan::Plan;
use mtok::fleet::record::MAX_BYTES;

use crate::cmd::Failure;

/// The text of a file and the file; `None` where there is none.
///
/// # Errors
/// What is no plain file, larger than [`MAX_BYTES`], or no text.
pub fn read(path: &Path) -> io::Result<Option<(String, File)>> {
    let refused = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    // What lies there is looked at before it is opened, since opening a device can have effects, and again afterwards.
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(there) if !there.is_file() => return refused("is not a plain file"),
        Ok(_) => {}
    }
    let mut file = match without_waiting().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if !file.metadata()?.is_file() {
        return refused("is not a plain file");
    }
    let mut text = String::new();
    if Read::by_ref(&mut file).take(MAX_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_BYTES {
        return refused("is larger than 1 MiB");
    }
    Ok(Some((text, file)))
}

/// The plan of a fleet; `None` where its folder has none.
pub fn plan(folder: &Path) -> Result<Option<Plan>, Failure> {
    let path = folder.join(PLAN);
    let refused = |what: String| Failure::bad_input(format!("{}: {what}", path.display()));
    match read(&path).map_err(|error| refused(format!("cannot be read: {error}")))? {
        Some((text, _)) => Plan::read(&text).map(Some).map_err(refused),
        None => Ok(None),
    }
}

/// The plan of a fleet that has to be there.
pub fn planned(folder: &Path) -> Result<Plan, Failure> {
    plan(folder)?.ok_or_else(|| {
        let what = format!(
            "{}: is no fleet: there is no {PLAN} in it; `mtok fleet submit` makes one",
            folder.display()
        );
        Failure::bad_input(what)
    })
}

/// Opening a FIFO waits for its writer, unless told not to; to plain files the flag means nothing.
#[cfg(unix)]
fn without_waiting() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

#[cfg(not(unix))]
fn without_waiting() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_a_small_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert!(read(&path).unwrap().is_none());
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().0, "{}");
        std::fs::write(&path, vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("larger"));
        assert!(read(folder.path()).unwrap_err().to_string().contains("plain"));
        #[cfg(unix)]
        {
            let fifo = folder.path().join("fifo");
            assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
            assert!(read(&fifo).unwrap_err().to_string().contains("plain"));
            assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("plain"));
        }
        assert!(planned(folder.path()).unwrap_err().message.contains("is no fleet"));
    }
}
