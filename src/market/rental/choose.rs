//! Which rows of a table are meant: one GPU, one kind, one size of memory, one basis.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::name::{Catalogue, Identity};
use super::{LEAST_PROVIDERS, Query, Refused};
use crate::market::month::Month;
use crate::price::rental::Basis;
use crate::price::rental_csv::RentalPoint;
use crate::text::{inert, nearest};

/// Sources and regions that are named before the rest is counted.
const NAMED: usize = 5;

/// The rows that are meant and what had to be decided.
pub(super) struct Chosen<'p> {
    /// The rows that vote.
    pub rows: Vec<&'p RentalPoint>,
    /// The same without a choice of region.
    pub all_regions: Vec<&'p RentalPoint>,
    /// Rows of every kind and basis, for comparing kinds.
    pub kinds: Vec<&'p RentalPoint>,
    /// What was asked for, with what the rows add.
    pub identity: Identity,
    pub basis: Basis,
    pub hardware: Vec<String>,
    pub memory_gb: Vec<u16>,
    /// Which regions vote, in words.
    pub region: String,
    pub warnings: Vec<String>,
}

/// Texts, the most used first, and how many more there are.
pub(in crate::market) fn most_used<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    let mut named: Vec<(&str, usize)> = counts.into_iter().filter(|(name, _)| !name.is_empty()).collect();
    named.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rest = named.len().saturating_sub(NAMED);
    let names = named.into_iter().take(NAMED).map(|(name, _)| name.to_owned());
    names.chain((rest > 0).then(|| format!("{rest} more"))).collect()
}

/// A name with a size as tables write them, and what they mean.
type Known<'p> = HashMap<(&'p str, Option<u16>), Identity>;

/// Finds the rows.
pub(super) fn choose<'p>(
    points: &'p [RentalPoint],
    catalogue: &Catalogue,
    query: &Query<'_>,
) -> Result<Chosen<'p>, Refused> {
    let mut asked = Identity::of(query.gpu);
    asked.memory_gb = query.memory_gb.or(asked.memory_gb);
    let known = identities(points, catalogue);
    let family = Identity { memory_gb: None, ..asked.clone() };
    let of_gpu = pick(points, &known, &family);
    if of_gpu.is_empty() {
        let names: BTreeSet<&str> = known.keys().map(|(name, _)| *name).collect();
        return Err(unknown(query.gpu, &names));
    }
    let mut warnings = Vec::new();
    let kinds = of_size(&of_gpu, &known, catalogue, &mut asked, query, &mut warnings)?;
    let of_kind: Vec<&RentalPoint> = kinds.iter().filter(|row| row.kind == query.kind).copied().collect();
    if of_kind.is_empty() {
        let there: BTreeSet<&str> = kinds.iter().map(|row| row.kind.name()).collect();
        return Err(Refused(format!(
            "no {} rent of {}; there is {}",
            query.kind,
            shown(query.gpu),
            words(there)
        )));
    }
    let regional = of_region(&of_kind, query)?;
    let basis = of_basis(&regional, query, &mut warnings)?;
    let only = |rows: Vec<&'p RentalPoint>| rows.into_iter().filter(|row| row.basis == basis).collect();
    let (rows, all_regions): (Vec<&RentalPoint>, _) = (only(regional), only(of_kind));
    let meant: BTreeSet<(&str, &Identity)> = distinct(&rows, &known);
    let forms: BTreeSet<&Option<String>> = meant.iter().map(|(_, identity)| &identity.form).collect();
    if forms.len() > 1 {
        let names = words(meant.iter().map(|(name, _)| *name).collect());
        warnings.push(format!("several forms vote together: {names}; name one to have it alone"));
    }
    if basis == Basis::Restated8xSxm {
        asked.form = Some("sxm".into());
    } else if let (1, Some(Some(form))) = (forms.len(), forms.first()) {
        asked.form = Some((*form).clone());
    }
    Ok(Chosen {
        hardware: meant
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        memory_gb: meant
            .iter()
            .filter_map(|(_, identity)| identity.memory_gb)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        region: region_basis(&rows, query.region),
        identity: asked,
        basis,
        all_regions,
        kinds: query.region.map_or(kinds.clone(), |region| in_region(&kinds, region)),
        warnings,
        rows,
    })
}

fn identities<'p>(points: &'p [RentalPoint], catalogue: &Catalogue) -> Known<'p> {
    let mut known = Known::new();
    let mut last = None;
    for point in points {
        let key = (&*point.gpu, point.memory_gb);
        if last != Some(key) {
            known.entry(key).or_insert_with(|| catalogue.identity(key.0, key.1));
            last = Some(key);
        }
    }
    known
}

fn pick<'p>(points: &'p [RentalPoint], known: &Known<'p>, asked: &Identity) -> Vec<&'p RentalPoint> {
    let meant: HashSet<(&str, Option<u16>)> =
        known.iter().filter(|(_, identity)| identity.is(asked)).map(|(key, _)| *key).collect();
    if meant.is_empty() {
        return Vec::new();
    }
    points.iter().filter(|point| meant.contains(&(&*point.gpu, point.memory_gb))).collect()
}

fn distinct<'p, 'k>(rows: &[&'p RentalPoint], known: &'k Known<'p>) -> BTreeSet<(&'p str, &'k Identity)> {
    let keys: HashSet<(&str, Option<u16>)> = rows.iter().map(|row| (&*row.gpu, row.memory_gb)).collect();
    keys.into_iter().filter_map(|key| Some((key.0, known.get(&key)?))).collect()
}

/// The rows of one size of memory, where the family is sold with several: the one asked for, else that with the most rows.
fn of_size<'p>(
    rows: &[&'p RentalPoint],
    known: &Known<'p>,
    catalogue: &Catalogue,
    asked: &mut Identity,
    query: &Query<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<&'p RentalPoint>, Refused> {
    let size =
        |row: &RentalPoint| known.get(&(&*row.gpu, row.memory_gb)).and_then(|identity| identity.memory_gb);
    let mut counts: BTreeMap<Option<u16>, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(size(row)).or_default() += usize::from(row.kind == query.kind);
    }
    let listed = |without: Option<u16>| -> String {
        let others = counts.iter().filter(|(gb, _)| **gb != without || without.is_none());
        let shown = others.map(|(gb, count)| match gb {
            Some(gb) => format!("{gb} GB ({count} rows)"),
            None => format!("unknown ({count} rows)"),
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    let chosen = match asked.memory_gb {
        Some(_) => {
            let fits = |gb: &Option<u16>| Identity { memory_gb: *gb, ..asked.clone() }.is(asked);
            let found = counts.keys().find(|gb| fits(gb)).copied();
            found.ok_or_else(|| {
                Refused(format!("no {} with that memory; there is {}", shown(query.gpu), listed(None)))
            })?
        }
        None if counts.len() > 1 && sold_in_sizes(rows, known, catalogue) => {
            let most = counts.iter().filter(|(gb, _)| gb.is_some()).max_by_key(|(gb, count)| (**count, **gb));
            let chosen = most.map(|(gb, _)| *gb).unwrap_or_default();
            let gb = chosen.map_or(String::new(), |gb| format!("{gb} GB alone; "));
            warnings.push(format!("{gb}left out: {} (--memory-gb chooses)", listed(chosen)));
            chosen
        }
        None => return Ok(rows.to_vec()),
    };
    asked.memory_gb = chosen;
    Ok(rows.iter().filter(|row| size(row) == chosen).copied().collect())
}

/// Whether one form, as the datasheets or the rows have it, comes in several sizes.
fn sold_in_sizes(rows: &[&RentalPoint], known: &Known<'_>, catalogue: &Catalogue) -> bool {
    let mut sizes: BTreeMap<(&str, &Option<String>), BTreeSet<Option<u16>>> = BTreeMap::new();
    let meant = distinct(rows, known);
    for (_, identity) in &meant {
        sizes.entry((&identity.family, &identity.form)).or_default().insert(identity.memory_gb);
    }
    meant.iter().any(|(_, identity)| catalogue.sold_in_sizes(&identity.family))
        || sizes.values().any(|sizes| sizes.len() > 1)
}

/// The rows of a region and its parts: `us` is part of `us-east-1`, and not of `usa`.
fn in_region<'p>(rows: &[&'p RentalPoint], region: &str) -> Vec<&'p RentalPoint> {
    let wanted = region.to_lowercase();
    let mut parts: HashMap<&str, bool> = HashMap::new();
    let mut part = |name: &'p str| {
        *parts.entry(name).or_insert_with(|| {
            let lower = name.to_lowercase();
            let rest = lower.strip_prefix(&wanted);
            rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric()))
        })
    };
    rows.iter().filter(|row| part(&row.region)).copied().collect()
}

fn of_region<'p>(rows: &[&'p RentalPoint], query: &Query<'_>) -> Result<Vec<&'p RentalPoint>, Refused> {
    let Some(asked) = query.region else { return Ok(rows.to_vec()) };
    let meant = in_region(rows, asked);
    if meant.is_empty() {
        let named: BTreeSet<&str> =
            rows.iter().map(|row| &*row.region).filter(|name| !name.is_empty()).collect();
        let what = format!("no {} rent of {} in region {}", query.kind, shown(query.gpu), shown(asked));
        let there = match named.len() {
            0 => "; the table names no region".to_owned(),
            _ => format!("; there is {}", words(named)),
        };
        return Err(Refused(what + &there));
    }
    Ok(meant)
}

/// The basis asked for, else the one that publishes the most months.
fn of_basis(rows: &[&RentalPoint], query: &Query<'_>, warnings: &mut Vec<String>) -> Result<Basis, Refused> {
    let mut months: BTreeMap<Basis, BTreeMap<Month, HashSet<&str>>> = BTreeMap::new();
    for row in rows {
        let months = months.entry(row.basis).or_default();
        months.entry(Month::from(row.date)).or_default().insert(&row.provider);
    }
    if let Some(basis) = query.basis {
        let there: BTreeSet<&str> = months.keys().map(|basis| basis.name()).collect();
        let what = format!(
            "no {} rent of {} on the basis {basis}; there is {}",
            query.kind,
            shown(query.gpu),
            words(there)
        );
        return months.contains_key(&basis).then_some(basis).ok_or(Refused(what));
    }
    let score = |basis: &Basis| {
        let months = months.get(basis);
        let published = months.map_or(0, |months| {
            months.values().filter(|providers| providers.len() >= LEAST_PROVIDERS).count()
        });
        (published, months.map_or(0, BTreeMap::len), std::cmp::Reverse(*basis))
    };
    let best = months.keys().copied().max_by_key(score).unwrap_or(Basis::List);
    for other in months.keys().filter(|other| **other != best) {
        warnings.push(format!(
            "basis {best}; {} months on the basis {other} are left out (--basis chooses)",
            score(other).1
        ));
    }
    Ok(best)
}

fn region_basis(rows: &[&RentalPoint], asked: Option<&str>) -> String {
    let named: BTreeSet<&str> = rows.iter().map(|row| &*row.region).filter(|name| !name.is_empty()).collect();
    let unnamed = rows.iter().filter(|row| row.region.is_empty()).count();
    match (asked, named.len(), unnamed) {
        (Some(_), _, _) => words(named),
        (None, 0, _) => "all; none is named".to_owned(),
        (None, _, 0) => format!("all: {}", words(named)),
        (None, _, _) => format!("all: {}; {unnamed} rows name none", words(named)),
    }
}

fn unknown(name: &str, names: &BTreeSet<&str>) -> Refused {
    let near = nearest(name, names.iter().copied());
    let hint = match (near.is_empty(), names.is_empty()) {
        (_, true) => "; there are no rents".to_owned(),
        (true, _) => format!("; there is {}", words(names.clone())),
        _ => format!("; nearest: {}", inert(&near.join(", "))),
    };
    Refused(format!("no rent of {}{hint}", shown(name)))
}

/// A name that somebody typed.
fn shown(name: &str) -> String {
    format!("\"{}\"", inert(&name.chars().take(60).collect::<String>()))
}

fn words(names: BTreeSet<&str>) -> String {
    let rest = names.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = names.into_iter().take(NAMED).map(inert).collect();
    shown.extend((rest > 0).then(|| format!("{rest} more")));
    shown.join(", ")
}
