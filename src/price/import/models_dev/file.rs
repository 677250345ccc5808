//! `providers/<seller>/models/<model>.toml` of models.dev: one model of one seller.

use std::io::Read;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::cards::{self, Cards, Conditions};
use super::super::{Format, Head, Import, Kind, Place, Refusal, Source};
use crate::price::identity::seller::seller;
use crate::price::token::TokenListing;
use crate::price::{Rule, money};
use crate::table::{Fault, read_text};
use crate::text::inert;

/// One model.
pub const FORMAT: Format = Format {
    name: "models.dev TOML",
    kind: Kind::Token,
    knows: |head: &Head<'_>| {
        let heads = ["[cost]", "[limit]", "[extends]"];
        let is_json = head.text.trim_start().starts_with('{');
        !is_json && head.text.lines().any(|line| heads.contains(&line.trim()))
    },
    read,
};

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let text = read_text(input)?;
    let line = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() as u64 + 1;
    let table = DeTable::parse(&text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        Fault { line: line(offset), column: 0, what: format!("is not TOML: {}", inert(error.message())) }
    })?;
    let sold_by = source.provider.or(Some(source.folder).filter(|folder| !["", "models"].contains(folder)));
    let listing = source.name.strip_suffix(".toml").unwrap_or(source.name);
    let Some(sold_by) = sold_by.filter(|_| !listing.is_empty()) else {
        let what = "does not say who sells: give the provider, or the folder providers/ as a whole".into();
        return Err(Fault { line: 0, column: 0, what });
    };
    let blank = Cards::new(FORMAT.name, source).blank(&seller(sold_by), listing, 1);
    let place = |offset: usize, path: &str| Place::path(line(offset), path);
    let read = of_model(table.get_ref(), &blank, &place);
    cards::keep(import, listing, read);
    Ok(())
}

type PlaceOf<'p> = dyn Fn(usize, &str) -> Place + 'p;

fn of_model(
    table: &DeTable<'_>,
    blank: &TokenListing,
    place: &PlaceOf<'_>,
) -> Result<Vec<TokenListing>, Refusal> {
    let Some(cost) = table.get("cost") else {
        return Err(Refusal::left_out(place(0, ""), Rule::Unknown, "has no [cost]"));
    };
    let at = place(cost.span().start, "cost");
    let Some(members) = cost.get_ref().as_table() else {
        return Err(Refusal::unreadable(at, "is no table"));
    };
    let mut conditions = Conditions::new();
    prices(members, None, "cost", place, &mut conditions)?;
    for (key, value) in members {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("tiers", DeValue::Array(tiers)) => {
                for tier in tiers {
                    let at = || place(tier.span().start, "cost.tiers");
                    let (members, size) = size(tier, &at)?;
                    prices(members, Some(size), "cost.tiers", place, &mut conditions)?;
                }
            }
            (key, DeValue::Table(members)) if super::over(key).is_some() => {
                prices(members, super::over(key), &format!("cost.{key}"), place, &mut conditions)?;
            }
            _ => {}
        }
    }
    cards::all(blank, &conditions, None, &at)
}

/// The prices of a tier and the size from which they hold.
fn size<'v>(
    tier: &'v Spanned<DeValue<'_>>,
    at: &dyn Fn() -> Place,
) -> Result<(&'v DeTable<'v>, u64), Refusal> {
    let wrong = || Refusal::unreadable(at(), "is no tier by the size of the context");
    let members = tier.get_ref().as_table().ok_or_else(wrong)?;
    let about = members.get("tier").and_then(|tier| tier.get_ref().as_table()).ok_or_else(wrong)?;
    let kind = about.get("type").map(|kind| kind.get_ref().as_str());
    let size = about.get("size").and_then(|size| size.get_ref().as_integer());
    let size = size.and_then(|size| size.as_str().parse().ok());
    match (kind, size) {
        (None | Some(Some("context")), Some(size)) => Ok((members, size)),
        _ => Err(wrong()),
    }
}

fn prices(
    members: &DeTable<'_>,
    threshold: Option<u64>,
    path: &str,
    place: &PlaceOf<'_>,
    conditions: &mut Conditions,
) -> Result<(), Refusal> {
    for (key, value) in members {
        let Some(bucket) = super::bucket_of(key.get_ref()) else { continue };
        let at = || place(value.span().start, &format!("{path}.{}", key.get_ref()));
        let text = match value.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(Refusal::unreadable(at(), "is no number")),
        };
        let price = money(text).filter(|price| !price.is_sign_negative() || price.is_zero());
        let price =
            price.ok_or_else(|| Refusal::unreadable(at(), format!("{} is no price", cards::shown(text))))?;
        super::put(conditions, threshold, bucket, Some(price));
    }
    Ok(())
}
