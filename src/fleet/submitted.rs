//! What was submitted to a scheduler, and what of it was cancelled: `jobs/<job>.json` and `jobs/<job>.cancelled.json`.

use serde::{Deserialize, Serialize};

use super::indices;
use super::plan::TASKS_MAX;
use super::record;

/// Grows by one when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// A job array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id of the plan.
    pub plan: String,
    /// The scheduler's number of it.
    pub job: String,
    /// Its name there: numbers may be given again by a scheduler that was set up anew.
    pub name: String,
    /// The cluster, where the scheduler has several; else empty.
    pub cluster: String,
    /// The task of index 0.
    pub offset: u32,
    /// Its indices, such as `3,7-9`.
    pub indices: String,
    /// When it was submitted, UTC, RFC 3339.
    pub submitted_utc: String,
    /// The command that did.
    pub command: Vec<String>,
}

impl Submitted {
    /// The text of its file.
    pub fn json(&self) -> String {
        record::json(self)
    }

    /// The name of its file.
    pub fn file(&self) -> String {
        format!("{}.json", self.stem())
    }

    /// The name of the file that says what of it was cancelled.
    pub fn cancelled_file(&self) -> String {
        format!("{}.cancelled.json", self.stem())
    }

    fn stem(&self) -> String {
        match self.cluster.as_str() {
            "" => self.job.clone(),
            cluster => format!("{}-{}", self.job, crate::text::slug(cluster)),
        }
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// Text that is none of this version, a job that is no number, and indices that are none.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self =
            serde_json::from_str(text).map_err(|error| format!("is no record of a job: {error}"))?;
        if read.schema_version != SCHEMA_VERSION {
            return Err(format!(
                "has schema_version {}, this mtok reads {SCHEMA_VERSION}",
                read.schema_version
            ));
        }
        if !is_number(&read.job) {
            return Err(format!("its job \"{}\" is no number", crate::text::inert(&read.job)));
        }
        // It becomes a word of a command.
        if !read.cluster.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it))
            || read.cluster.starts_with('-')
        {
            return Err(format!("its cluster \"{}\" is no name", crate::text::inert(&read.cluster)));
        }
        read.list().map(|_| read)
    }

    /// Its indices.
    ///
    /// # Errors
    /// Those of [`indices::read`].
    pub fn list(&self) -> Result<Vec<u32>, String> {
        indices::read(&self.indices, TASKS_MAX.saturating_sub(self.offset).saturating_add(1))
            .map_err(|what| format!("its indices: {what}"))
    }
}

/// What was cancelled of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id of the plan.
    pub plan: String,
    /// The job.
    pub job: String,
    /// Its indices that were cancelled.
    pub indices: String,
    /// When the last of them were, UTC, RFC 3339.
    pub cancelled_utc: String,
}

impl Cancelled {
    /// The text of its file.
    pub fn json(&self) -> String {
        record::json(self)
    }

    /// Its indices, as its file says them; none where that is no record of this job.
    pub fn list(text: &str, of: &Submitted) -> Vec<u32> {
        let read = serde_json::from_str(text).ok().filter(|it: &Self| it.job == of.job && it.plan == of.plan);
        read.and_then(|it| indices::read(&it.indices, TASKS_MAX).ok()).unwrap_or_default()
    }
}

/// Whether a text is a number of a job: Slurm's own are below 2³², and nothing else becomes a word of a command.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted() -> Submitted {
        Submitted {
            schema_version: SCHEMA_VERSION,
            job: "12".into(),
            offset: 1000,
            indices: "3,7-9".into(),
            ..Submitted::default()
        }
    }

    #[test]
    fn what_was_submitted_is_read_back_and_names_its_file() {
        let written = submitted();
        assert_eq!(Submitted::read(&written.json()), Ok(written.clone()));
        assert_eq!((written.file(), written.list()), ("12.json".into(), Ok(vec![3, 7, 8, 9])));
        let elsewhere = Submitted { cluster: "Big One".into(), ..written };
        assert_eq!(elsewhere.cancelled_file(), "12-big-one.cancelled.json");
    }

    #[test]
    fn a_record_that_could_become_another_command_is_refused() {
        for bad in [
            Submitted { job: "-u root".into(), ..submitted() },
            Submitted { job: String::new(), ..submitted() },
            Submitted { cluster: "--me".into(), ..submitted() },
            Submitted { indices: "9-7".into(), ..submitted() },
            Submitted { schema_version: 2, ..submitted() },
        ] {
            assert!(Submitted::read(&bad.json()).is_err(), "{bad:?}");
        }
        assert!(Submitted::read("{}").is_err());
    }

    #[test]
    fn only_what_was_cancelled_of_this_job_counts() {
        let cancelled =
            |job: &str| Cancelled { job: job.into(), indices: "3".into(), ..Cancelled::default() }.json();
        assert_eq!(Cancelled::list(&cancelled("12"), &submitted()), [3]);
        assert!(Cancelled::list(&cancelled("13"), &submitted()).is_empty());
        assert!(Cancelled::list("torn", &submitted()).is_empty());
    }
}
