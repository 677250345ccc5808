//! `mtok market spend`: usage x price by model.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;
use mtok::arch::{self, Architecture};
use mtok::market::month::Month;
use mtok::market::spend::track;
use mtok::market::usage::by_model;
use mtok::price::Mix;
use mtok::price::token::{self, TokenListing, read_tokens};
use mtok::price::usage::read_usage;
use mtok::report::spend as report;

use super::usage::origins;
use crate::cli::SpendArgs;
use crate::cmd::output::show;
use crate::cmd::tables::{Tables, read_file};
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &SpendArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?.with_imported(&args.imported)?;
    let bundled = args.tokens == Path::new("bundled");
    let listings =
        if bundled { tables.tokens()? } else { read_file(&args.tokens, |input| read_tokens(input))? };
    let prices = Prices {
        listings: &listings,
        models: &tables.models()?,
        mix: Mix::new(args.mix).map_err(Failure::bad_input)?,
        known: RefCell::default(),
    };
    let usage = read_file(&args.usage, |input| read_usage(input))?;
    let in_file = |what: String| Failure::bad_input(format!("{}: {what}", args.usage.display()));
    let by_model = by_model(&usage, &origins()?).map_err(in_file)?;
    let source =
        if bundled { "the bundled tokens.csv".to_owned() } else { args.tokens.display().to_string() };
    let words = format!(
        "median over sellers as of each month's last day, {} input tokens per output token, from {}",
        args.mix,
        mtok::text::inert(&source)
    );
    let price = |model: &str, month: Month| prices.of(model, month);
    let tracker = track(&by_model, &price, &words, args.basket).map_err(in_file)?;
    show(&tracker, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

/// Prices by the names of a usage file: as listed, else as the model table knows them.
struct Prices<'t> {
    listings: &'t [TokenListing],
    models: &'t [Architecture],
    mix: Mix,
    /// The listing's name of a usage file's name.
    known: RefCell<HashMap<String, Option<String>>>,
}

impl Prices<'_> {
    fn of(&self, model: &str, month: Month) -> Option<f64> {
        let name =
            self.known.borrow_mut().entry(model.to_owned()).or_insert_with(|| self.name(model)).clone()?;
        let market = token::market(self.listings, &name, last_day(month)?, self.mix, token::MAX_AGE_DAYS);
        market.ok().map(|market| market.median_blended.0)
    }

    fn name(&self, model: &str) -> Option<String> {
        let listed = |name: &str| self.listings.iter().find(|row| row.model.eq_ignore_ascii_case(name));
        let listed = |name: &str| listed(name).map(|row| row.model.to_string());
        listed(model).or_else(|| listed(&arch::find(self.models, model).ok()?.name))
    }
}

fn last_day(month: Month) -> Option<Date> {
    let (year, month) = (i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?);
    Some(Date::new(year, month, 1).ok()?.last_of_month())
}
