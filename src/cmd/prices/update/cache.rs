//! What sources sent, kept for conditional requests and for work without a network. A kept body is named by its entry:
//! whoever reads sees an old pair or a new one, and a body without its entry is swept away by the next write.

#[cfg(feature = "net")]
mod keep;

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use jiff::Timestamp;
use mtok::price::feed::Feed;
use mtok::unpack::Unpacked;
use serde::{Deserialize, Serialize};

use crate::cmd::files::{CACHE_VARIABLE, cache_folder};
use crate::cmd::{Exit, Failure, input};

/// Larger entries are not ours.
const ENTRY_MAX: u64 = 64 << 10;

/// The folder of kept bodies.
pub struct Cache {
    folder: PathBuf,
}

/// What is known of a kept body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The address it came from; a body from another one is not used.
    url: String,
    /// What the server calls this version, and when it changed: for the next request.
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// When the server last sent it or said that it is unchanged, in seconds since 1970.
    checked_unix_s: i64,
    /// The file beside, and its size.
    body: String,
    pub bytes: u64,
}

impl Entry {
    /// When the server last sent it or said that it is unchanged.
    pub fn checked(&self) -> Timestamp {
        Timestamp::from_second(self.checked_unix_s).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Its age in days; a clock that was set back does not make it young.
    pub fn age_days(&self, now: Timestamp) -> f64 {
        (now.as_second() - self.checked_unix_s).unsigned_abs() as f64 / 86_400.0
    }
}

impl Cache {
    /// The user's folder, made where it is missing.
    pub fn open() -> Result<Self, Failure> {
        let Some(folder) = cache_folder().map(|folder| folder.join("prices")) else {
            let what = format!("there is no folder for caches; {CACHE_VARIABLE} names one");
            return Err(Failure::new(Exit::CannotWrite, what));
        };
        fs::create_dir_all(&folder).map_err(|error| Failure::cannot_write(&folder, error))?;
        Ok(Self { folder })
    }

    /// What is kept of a source, if it is whole.
    pub fn entry(&self, feed: &Feed) -> Option<Entry> {
        let path = self.entry_path(feed);
        let mut text = String::new();
        // Opening a pipe that nobody writes to would wait without end.
        path.is_file().then_some(())?;
        File::open(path).ok()?.take(ENTRY_MAX).read_to_string(&mut text).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let ours = entry.url == feed.url.to_string() && is_body_of(&entry.body, feed);
        let body = self.folder.join(&entry.body).metadata().ok()?;
        (ours && body.is_file() && body.len() == entry.bytes).then_some(entry)
    }

    /// The text of a kept body.
    pub fn text(&self, entry: &Entry) -> Result<Unpacked<'static>, Failure> {
        input::open(&self.folder.join(&entry.body), false)
    }

    fn entry_path(&self, feed: &Feed) -> PathBuf {
        self.folder.join(format!("{}.json", feed.name))
    }
}

/// Whether a name is one that [`Cache::keep`] gives; nothing else is opened or removed.
fn is_body_of(name: &str, feed: &Feed) -> bool {
    let stamp = name.strip_prefix(&feed.name).and_then(|rest| rest.strip_prefix('.'));
    let stamp = stamp.and_then(|rest| rest.strip_suffix(".body")).unwrap_or_default();
    !stamp.is_empty() && stamp.bytes().all(|byte| byte.is_ascii_digit())
}
