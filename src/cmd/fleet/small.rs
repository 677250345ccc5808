//! Small files that anybody may have put into a fleet's folder: plain ones only, of a bounded size, never waited for.

use std::fs::Metadata;
use std::path::Path;

use mtok::fleet::folders::PLAN;
use mtok::fleet::plan::Plan;
use mtok::fleet::record::MAX_BYTES;

use crate::cmd::{Failure, input};

/// The text of a file, and what the system says of it; `None` where there is none.
///
/// # Errors
/// What is no plain file, larger than [`MAX_BYTES`], or no text, in words without the path.
pub fn read(path: &Path) -> Result<Option<(String, Metadata)>, String> {
    let Some((bytes, there)) = input::bytes(path, MAX_BYTES)? else { return Ok(None) };
    String::from_utf8(bytes).map(|text| Some((text, there))).map_err(|_| "is not UTF-8".into())
}

/// The plan of a fleet; `None` where its folder has none.
pub fn plan(folder: &Path) -> Result<Option<Plan>, Failure> {
    let path = folder.join(PLAN);
    let refused = |what: String| Failure::bad_input(format!("{}: {what}", path.display()));
    match read(&path).map_err(refused)? {
        Some((text, _)) => Plan::read(&text).map(Some).map_err(refused),
        None => Ok(None),
    }
}

/// The plan of a fleet that has to be there.
pub fn planned(folder: &Path) -> Result<Plan, Failure> {
    plan(folder)?.ok_or_else(|| {
        let what = format!(
            "{}: is no folder of a fleet: it has no {PLAN}; mtok fleet submit makes one",
            folder.display()
        );
        Failure::bad_input(what)
    })
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
        assert!(read(&path).unwrap_err().contains("larger"));
        assert!(read(folder.path()).unwrap_err().contains("plain"));
        #[cfg(unix)]
        {
            let fifo = folder.path().join("fifo");
            assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
            assert!(read(&fifo).unwrap_err().contains("plain"));
            assert!(read(Path::new("/dev/zero")).unwrap_err().contains("plain"));
        }
        assert!(planned(folder.path()).unwrap_err().message.contains("is no folder of a fleet"));
    }
}
