//! Keeping what arrived.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use mtok::price::feed::Feed;
use tempfile::NamedTempFile;

use super::{Cache, Entry, is_body_of};
use crate::cmd::files::{make_readable, write_atomic};
use crate::cmd::{Exit, Failure};

impl Cache {
    /// Where bodies that are still arriving lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps a body in the place of an older one.
    pub fn keep(
        &self,
        feed: &Feed,
        body: NamedTempFile,
        [etag, last_modified]: [Option<String>; 2],
        now: Timestamp,
    ) -> Result<Entry, Failure> {
        let name = format!("{}.{}.body", feed.name, now.as_nanosecond());
        let path = self.folder.join(&name);
        let kept = || -> std::io::Result<u64> {
            body.as_file().sync_all()?;
            make_readable(body.as_file())?;
            Ok(body.persist(&path)?.metadata()?.len())
        };
        let bytes = kept().map_err(|error| Failure::cannot_write(&path, error))?;
        let url = feed.url.to_string();
        let entry = Entry { url, etag, last_modified, checked_unix_s: now.as_second(), body: name, bytes };
        self.write(feed, &entry)?;
        self.sweep(feed, &entry);
        Ok(entry)
    }

    /// Notes that the server still has what is kept.
    pub fn confirm(&self, feed: &Feed, entry: Entry, now: Timestamp) -> Result<Entry, Failure> {
        let entry = Entry { checked_unix_s: now.as_second(), ..entry };
        self.write(feed, &entry)?;
        Ok(entry)
    }

    fn write(&self, feed: &Feed, entry: &Entry) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(entry).map_err(|it| Failure::new(Exit::CannotWrite, it))?;
        write_atomic(&self.entry_path(feed), text.as_bytes())
    }

    /// Removes bodies that no entry names. One that stays does no harm.
    fn sweep(&self, feed: &Feed, entry: &Entry) {
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = file.file_name();
            if name.to_str().is_some_and(|name| name != entry.body && is_body_of(name, feed)) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}
