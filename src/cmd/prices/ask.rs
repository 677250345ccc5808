//! Questions about what is known: `list`, `history`, `explain`, `diff`.

use mtok::price::ledger::changes::changes;
use mtok::price::ledger::charges::charges;
use mtok::price::ledger::explain::{Explained, Fate, explain as explained};
use mtok::price::ledger::history::history as rows_of;
use mtok::price::ledger::levels::levels;
use mtok::price::ledger::{Asked, Ledger};
use mtok::price::token::charge::Request;
use mtok::report::listing;
use mtok::text::inert;

use super::store::Store;
use super::{day, mix, print_rows};
use crate::cli::{AskArgs, ChargeArgs, DiffPricesArgs, ExplainArgs, ListArgs, StoreArgs};
use crate::cmd::output::show;
use crate::cmd::tables::Tables;
use crate::cmd::{Exit, Failure};

/// Rows that do not vote and are shown without being asked for.
const OTHERS: usize = 10;

/// `mtok prices list`.
pub fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let as_of = day(args.as_of);
    let ledger = ledger(&args.store)?.1;
    let rows = levels(&ledger, as_of, mix()?);
    print_rows(&rows, &args.format, &format!("medians of providers and sellers as of {as_of}, USD\n\n"))?;
    Ok(Exit::Ok)
}

/// `mtok prices history`.
pub fn history(args: &AskArgs) -> Result<Exit, Failure> {
    let (asked, ledger) = ask(args)?;
    print_rows(&rows_of(&ledger, &asked), &args.format, "")?;
    Ok(Exit::Ok)
}

/// `mtok prices charge`.
pub fn charge(args: &ChargeArgs) -> Result<Exit, Failure> {
    let (tables, ledger) = ledger(&args.store)?;
    let Asked::Model(model) = read_name(&args.model, &tables, &ledger)? else {
        return Err(Failure::bad_input(format!(
            "\"{}\" is hardware; tokens are charged by model",
            args.model
        )));
    };
    let request = Request {
        input: args.input,
        cache_read: args.cache_read,
        cache_write: args.cache_write,
        cache_write_1h: args.cache_write_1h,
        output: args.output,
        reasoning: args.reasoning,
        service: args.service,
        region: args.region.clone(),
    };
    if request.size() == 0 && request.output == 0 && request.reasoning == 0 {
        return Err(Failure::bad_input("the request has no tokens: give --input and --output"));
    }
    let at = args.at.unwrap_or_else(|| day(None).at(12, 0, 0, 0));
    let mut rows = charges(&ledger, &model, &request, at);
    if let Some(seller) = &args.seller {
        rows.retain(|row| row.seller.eq_ignore_ascii_case(seller));
    }
    if rows.is_empty() {
        let what = format!("no seller of {} has a card for that service, region and moment", inert(&model));
        return Err(Failure::bad_input(what));
    }
    let before = format!("{} at {at} UTC, {}, USD for the request\n\n", inert(&model), request.service);
    print_rows(&rows, &args.format, &before)?;
    Ok(Exit::Ok)
}

/// `mtok prices explain`.
pub fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let (asked, ledger) = ask(&args.ask)?;
    let figures = explained(&ledger, &asked, day(args.as_of), mix()?);
    let format = &args.ask.format;
    let fates = || figures.iter().flat_map(|figure| figure.rows.clone()).collect::<Vec<Fate>>();
    let people = |figures: &[Explained], width| {
        figures.iter().map(|figure| for_people(figure, args.all, width)).collect::<String>()
    };
    show(figures.as_slice(), format, |_| listing::csv(&fates()), |_| listing::markdown(&fates()), people)?;
    Ok(Exit::Ok)
}

fn for_people(figure: &Explained, all: bool, width: u16) -> String {
    let mut out = format!("{} {}\n  {}\n", inert(&figure.name), figure.kind, inert(&figure.formula));
    figure.notes.iter().for_each(|note| out += &format!("  note: {}\n", inert(note)));
    let voting = figure.rows.iter().filter(|row| row.votes).count();
    let shown = if all { figure.rows.len() } else { (voting + OTHERS).min(figure.rows.len()) };
    let rows = figure.rows.get(..shown).unwrap_or_default();
    out += &format!("\n{}", listing::terminal(rows, width));
    if shown < figure.rows.len() {
        out += &format!("and {} more rows that do not vote: --all\n", figure.rows.len() - shown);
    }
    out + "\n"
}

/// `mtok prices diff`.
pub fn diff(args: &DiffPricesArgs) -> Result<Exit, Failure> {
    if args.from > args.to {
        return Err(Failure::bad_input(format!(
            "{} is after {}: the earlier day comes first",
            args.from, args.to
        )));
    }
    let (tables, ledger) = ledger(&args.store)?;
    let asked = args.name.as_ref().map(|name| read_name(name, &tables, &ledger)).transpose()?;
    let mut rows = changes(&ledger, asked.as_ref(), args.from, args.to, mix()?);
    let same = rows.iter().filter(|row| row.state == "same").count();
    if !args.all {
        rows.retain(|row| row.state != "same");
    }
    let before = format!("{} to {}: {} changed, {same} stayed\n\n", args.from, args.to, rows.len());
    print_rows(&rows, &args.format, &before)?;
    Ok(Exit::Ok)
}

/// What is known, bundled and imported.
fn ledger(args: &StoreArgs) -> Result<(Tables, Ledger), Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?;
    let mut ledger = tables.ledger()?;
    Store::open(args.store.as_deref())?.read_into(&mut ledger)?;
    Ok((tables, ledger))
}

fn ask(args: &AskArgs) -> Result<(Asked, Ledger), Failure> {
    let (tables, ledger) = ledger(&args.store)?;
    let asked = read_name(&args.name, &tables, &ledger)?;
    Ok((asked, ledger))
}

fn read_name(name: &str, tables: &Tables, ledger: &Ledger) -> Result<Asked, Failure> {
    Asked::read(name, ledger, &tables.gpus()?, &tables.models()?).map_err(Failure::bad_input)
}
