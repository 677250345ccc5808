//! The gate for tokens used and prices of memory: what is known already, and what was restated.

use std::collections::HashMap;
use std::hash::Hash;

use super::Known;
use super::verdicts::Verdicts;
use crate::price::Rule;
use crate::price::import::{Import, Place};
use crate::price::storage::StoragePoint;
use crate::price::usage::UsageRow;

/// Passes the counts and points of an import through the gate.
pub fn check(import: &mut Import, known: &Known<'_>) {
    let mut usage = std::mem::take(&mut import.usage);
    let verdicts =
        against(&usage, known.usage, usage_key, |row| row.tokens.to_bits(), |row| row.tokens.to_string());
    settle(import, verdicts, &mut usage, |row| (row.line, format!("{} {}", row.first, row.model)));
    import.usage = usage;
    let mut storage = std::mem::take(&mut import.storage);
    let verdicts =
        against(&storage, known.storage, storage_key, |point| point.usd, |point| point.usd.to_string());
    settle(import, verdicts, &mut storage, |point| (point.line, format!("{} {}", point.date, point.product)));
    import.storage = storage;
}

fn usage_key(row: &UsageRow) -> impl Hash + Eq + use<> {
    (row.first, row.span, row.model.to_lowercase(), row.origin.to_lowercase())
}

fn storage_key(point: &StoragePoint) -> impl Hash + Eq + use<> {
    (point.date, point.product.to_lowercase())
}

/// The same value again is left out, another one is a restatement.
fn against<T, K: Hash + Eq, V: PartialEq>(
    rows: &[T],
    known: &[T],
    key: fn(&T) -> K,
    value: fn(&T) -> V,
    shown: fn(&T) -> String,
) -> Verdicts {
    let known: HashMap<K, &T> = known.iter().map(|row| (key(row), row)).collect();
    let mut verdicts = Verdicts::default();
    for (index, row) in rows.iter().enumerate() {
        match known.get(&key(row)) {
            Some(old) if value(old) == value(row) => {
                verdicts.leave_out(index, Rule::Duplicate, "the same figure is known already".into());
            }
            Some(old) => {
                let what = format!("restated: {} was {}", shown(row), shown(old));
                verdicts.flag(index, Rule::Conflict, what);
            }
            None => {}
        }
    }
    verdicts
}

/// Rows of these kinds have no flags of their own: the findings tell.
fn settle<T>(import: &mut Import, verdicts: Verdicts, rows: &mut Vec<T>, place: fn(&T) -> (u64, String)) {
    verdicts.apply(
        rows,
        |_, _| {},
        |row, aside, rule, why| {
            let (line, subject) = place(row);
            import.set_aside(Place::line(line), &subject, aside, rule, why);
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::import::{Aside, Source, read};
    use jiff::civil::date;

    fn imported(text: &str, known: &Known<'_>) -> Import {
        let source = Source { observed: date(2026, 6, 30), ..Source::default() };
        let mut import = read(&mut text.as_bytes(), &source, None).unwrap();
        check(&mut import, known);
        import
    }

    #[test]
    fn known_figures_are_left_out_and_restated_ones_are_told() {
        let first = imported("date,total_tokens,model\n2026-06-01,5,m\n2026-06-02,6,m\n", &Known::default());
        assert_eq!(first.accepted(), 2);
        let known = Known { usage: &first.usage, ..Known::default() };
        let again =
            imported("date,total_tokens,model\n2026-06-01,5,m\n2026-06-02,7,M\n2026-06-03,8,m\n", &known);
        assert_eq!((again.accepted(), again.flagged(), again.count(Aside::LeftOut)), (2, 1, 1));
        assert_eq!(again.findings[1].what, "restated: 7 was 6");
        let point = "date,product,usd,source\n2026-06-01,DDR4,1.5,p\n";
        let points = imported(point, &Known::default()).storage;
        let known = Known { storage: &points, ..Known::default() };
        assert_eq!(imported(point, &known).accepted(), 0);
    }
}
