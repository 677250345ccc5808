//! `mtok prices update`: public sources of prices, asked over the network. A source that fails is told and stops no
//! other.

#[cfg(feature = "net")]
mod ask;
mod cache;
#[cfg(feature = "net")]
mod fetch;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use mtok::price::feed::Feed;
use mtok::price::import::{Aside, Import, Source};
use mtok::report::feeds::{self as report, FeedRow, State};
use mtok::text;

#[cfg(feature = "net")]
use self::ask::asked;
use self::cache::{Cache, Entry};
use super::shelf::Shelf;
use crate::cli::UpdateArgs;
use crate::cmd::output::{self, print};
use crate::cmd::tables::Tables;
use crate::cmd::{Exit, Failure};

/// Sources that are asked at the same time: most are files of the same two servers.
const AT_ONCE: usize = 4;

/// How asking a source ended: the copy that is to be imported, or why there is none.
struct Outcome {
    state: State,
    entry: Option<Entry>,
    reason: Option<String>,
}

impl Outcome {
    fn taken(state: State, entry: Entry) -> Self {
        Self { state, entry: Some(entry), reason: None }
    }

    fn without(state: State, reason: impl Into<String>) -> Self {
        Self { state, entry: None, reason: Some(reason.into()) }
    }
}

/// Runs the verb.
pub fn run(args: &UpdateArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.store.tables.data.as_deref())?;
    let all = tables.feeds()?;
    let feeds = chosen(&all, &args.source)?;
    let cache = Cache::open()?;
    let now = Timestamp::now();
    if args.list {
        show_list(&feeds, &cache, now, args)?;
        return Ok(Exit::Ok);
    }
    if !cfg!(feature = "net") && !args.offline {
        let what =
            "this build has no network: build it with --features net, or take kept copies with --offline";
        return Err(Failure::bad_input(what));
    }
    let mut shelf = Shelf::open(&args.store, args.dry_run)?;
    let outcomes = at_once(&feeds, |feed| outcome(feed, args, &cache, now));
    let mut rows = Vec::new();
    for (feed, outcome) in feeds.iter().zip(outcomes) {
        rows.push(taken(feed, outcome, &cache, now, &mut shelf)?);
    }
    show(&rows, args)?;
    let failed = report::failed(&rows);
    let asked = rows.iter().filter(|row| row.state != State::Skipped).count();
    let bad = failed > 0 && (args.strict || failed == asked);
    Ok(if bad { Exit::FailedCells } else { Exit::Ok })
}

fn chosen<'f>(all: &'f [Feed], names: &[String]) -> Result<Vec<&'f Feed>, Failure> {
    let known = || all.iter().map(|feed| feed.name.as_str());
    for name in names {
        if !known().any(|known| known == name) {
            let nearest = text::nearest(name, known()).join(", ");
            let hint = if nearest.is_empty() { String::new() } else { format!("; did you mean {nearest}?") };
            return Err(Failure::bad_input(format!(
                "unknown source \"{name}\"{hint} (mtok prices update --list names all)"
            )));
        }
    }
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    Ok(all.iter().filter(|feed| wanted.is_empty() || wanted.contains(feed.name.as_str())).collect())
}

/// What came of each source, in their order.
fn at_once<'f, T: Send>(feeds: &[&'f Feed], each: impl Fn(&'f Feed) -> T + Sync) -> Vec<T> {
    let waiting = Mutex::new(feeds.iter().enumerate());
    let done = Mutex::new(Vec::new());
    // A thread that panicked is told by the scope; the lists stay usable.
    let next = || waiting.lock().unwrap_or_else(|poison| poison.into_inner()).next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(feeds.len()) {
            scope.spawn(|| {
                while let Some((index, feed)) = next() {
                    let outcome = each(feed);
                    done.lock().unwrap_or_else(|poison| poison.into_inner()).push((index, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|poison| poison.into_inner());
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn outcome(feed: &Feed, args: &UpdateArgs, cache: &Cache, now: Timestamp) -> Outcome {
    let kept = cache.entry(feed);
    let young = |entry: &Entry| args.max_age.is_none_or(|days| entry.age_days(now) <= days);
    match kept {
        Some(entry) if young(&entry) && (args.offline || args.max_age.is_some()) => {
            Outcome::taken(State::Kept, entry)
        }
        Some(entry) if args.offline => {
            let days = entry.age_days(now);
            Outcome::without(State::Failed, format!("the kept copy is {days:.1} days old"))
        }
        None if args.offline => Outcome::without(State::Failed, "there is no kept copy"),
        kept => asked(feed, args, cache, kept),
    }
}

#[cfg(not(feature = "net"))]
fn asked(_: &Feed, _: &UpdateArgs, _: &Cache, _: Option<Entry>) -> Outcome {
    Outcome::without(State::Failed, "this build has no network")
}

/// Imports what there is of a source. Only a store that cannot be written stops the rest.
fn taken(
    feed: &Feed,
    outcome: Outcome,
    cache: &Cache,
    now: Timestamp,
    shelf: &mut Shelf,
) -> Result<FeedRow, Failure> {
    let mut row = FeedRow { state: outcome.state, reason: outcome.reason, ..FeedRow::of(feed) };
    let Some(entry) = outcome.entry else { return Ok(row) };
    tell_age(&mut row, &entry, now);
    // What the server confirmed is its price of that day.
    let observed = entry.checked().to_zoned(TimeZone::UTC).date();
    match read(shelf, feed, &entry, cache, observed) {
        Ok(import) => {
            row.format = Some(import.format.to_owned());
            row.accepted = Some(import.accepted() as u64);
            row.rejected = Some(import.count(Aside::Rejected));
            row.flagged = Some(import.count(Aside::Flagged));
            row.left_out = Some(import.count(Aside::LeftOut));
            shelf.keep(import, observed, &feed.name)?;
        }
        Err(reason) => (row.state, row.reason) = (State::Failed, Some(reason)),
    }
    Ok(row)
}

fn read(shelf: &Shelf, feed: &Feed, entry: &Entry, cache: &Cache, observed: Date) -> Result<Import, String> {
    let mut text = cache.text(entry).map_err(|failure| failure.message)?;
    let name = text.member.clone().unwrap_or_else(|| feed.name.clone());
    let source = Source {
        name: &name,
        folder: &feed.provider,
        provider: (!feed.provider.is_empty()).then_some(feed.provider.as_str()),
        observed,
        ..Source::default()
    };
    let mut import = shelf.read(&mut text, source, Some(feed.kind)).map_err(|fault| fault.to_string())?;
    shelf.check(&mut import, &[]);
    Ok(import)
}

fn tell_age(row: &mut FeedRow, entry: &Entry, now: Timestamp) {
    row.checked = Some(entry.checked().to_string());
    // A copy that came while others were asked is not of the future.
    row.age_days = Some(if entry.checked() > now { 0.0 } else { entry.age_days(now) });
    row.bytes = Some(entry.bytes);
}

fn show_list(feeds: &[&Feed], cache: &Cache, now: Timestamp, args: &UpdateArgs) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for feed in feeds {
        let mut row = FeedRow::of(feed);
        if let Some(entry) = cache.entry(feed) {
            row.state = State::Kept;
            tell_age(&mut row, &entry, now);
        }
        rows.push(row);
    }
    if args.format.json || args.format.csv || args.format.markdown {
        return show(&rows, args);
    }
    print(&report::list(&rows, output::terminal().0))
}

fn show(rows: &[FeedRow], args: &UpdateArgs) -> Result<(), Failure> {
    if args.format.json {
        print(&report::json(rows))
    } else if args.format.csv {
        print(&report::csv(rows))
    } else if args.format.markdown {
        print(&report::markdown(rows))
    } else {
        print(&report::terminal(rows, output::terminal().0))
    }
}
