//! A folder of price files with one model each, as models.dev keeps them: `providers/<seller>/models/<model>.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cmd::Failure;

/// Folders below the one that was named.
const MAX_DEPTH: usize = 6;
/// More files are no such folder.
const MAX_FILES: usize = 100_000;

/// One file of a folder.
pub struct Member {
    /// Where it lies.
    pub path: PathBuf,
    /// The path below the folder.
    pub name: String,
    /// The seller.
    pub seller: String,
}

/// The TOML files below folders called `models`, in order of their paths. Links are not followed.
///
/// # Errors
/// A folder that cannot be read, has none of them, or too many.
pub fn members(folder: &Path) -> Result<Vec<Member>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((at, depth)) = open.pop() {
        let unreadable =
            |error: std::io::Error| Failure::bad_input(format!("{}: cannot be read: {error}", at.display()));
        for entry in fs::read_dir(&at).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
            if kind.is_dir() && depth < MAX_DEPTH {
                open.push((path, depth + 1));
            } else if kind.is_file() && path.extension().is_some_and(|end| end == "toml") {
                found.extend(member(folder, path));
            }
        }
        if found.len() > MAX_FILES {
            return Err(Failure::bad_input(format!("{}: has more than {MAX_FILES} files", folder.display())));
        }
    }
    if found.is_empty() {
        let what = "is a folder without models/*.toml; name the files in it";
        return Err(Failure::bad_input(format!("{}: {what}", folder.display())));
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// A file whose folder, or one above it, is called `models`; the seller is the folder around that one.
fn member(folder: &Path, path: PathBuf) -> Option<Member> {
    let models = path.ancestors().skip(1).find(|above| above.ends_with("models"))?;
    let seller = models.parent()?.file_name()?.to_string_lossy().into_owned();
    let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
    Some(Member { path, name, seller })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_with_their_sellers_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "providers/a/models/x.toml",
            "providers/a/models/org/y.toml",
            "providers/a/provider.toml",
            "n.csv",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = members(folder.path()).unwrap();
        let shown: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.seller.as_str())).collect();
        assert_eq!(shown, [("providers/a/models/org/y.toml", "a"), ("providers/a/models/x.toml", "a")]);
        let none = members(&folder.path().join("providers/a/models/org")).map(|found| found.len());
        assert_eq!(none.ok(), Some(1), "a folder inside models is one too");
    }
}
