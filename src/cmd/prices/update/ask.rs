//! Asking a source, and keeping what it sends.

use jiff::Timestamp;
use mtok::price::feed::{Feed, KEY_VARIABLE};
use mtok::report::feeds::State;

use super::cache::{Cache, Entry};
use super::{Outcome, fetch};
use crate::cli::UpdateArgs;

/// Asks a source and keeps what it sends.
pub(super) fn asked(feed: &Feed, args: &UpdateArgs, cache: &Cache, kept: Option<Entry>) -> Outcome {
    let key = std::env::var(KEY_VARIABLE).ok().filter(|key| feed.needs_key && !key.is_empty());
    if feed.needs_key && key.is_none() {
        return Outcome::without(State::Skipped, format!("{KEY_VARIABLE} is not set"));
    }
    let validators = kept.as_ref().map(|entry| [entry.etag.clone(), entry.last_modified.clone()]);
    let request = fetch::Request {
        feed,
        key: key.as_deref(),
        kept: validators.unwrap_or_default(),
        timeout: args.timeout,
        folder: cache.folder(),
    };
    let answer = match fetch::ask(&request) {
        Ok(answer) => answer,
        Err(reason) => return Outcome::without(State::Failed, reason),
    };
    let now = Timestamp::now();
    let done = match (answer, kept) {
        (fetch::Answer::Body(file, validators), _) => {
            cache.keep(feed, file, validators, now).map(|entry| (State::Fetched, entry))
        }
        (fetch::Answer::Unchanged, Some(entry)) => {
            cache.confirm(feed, entry, now).map(|entry| (State::Unchanged, entry))
        }
        (fetch::Answer::Unchanged, None) => {
            return Outcome::without(State::Failed, "says that what is not kept is unchanged");
        }
    };
    match done {
        Ok((state, entry)) => Outcome::taken(state, entry),
        Err(failure) => Outcome::without(State::Failed, failure.message),
    }
}
