//! Products, splices, divergence.

use super::*;
use crate::market::trend::Move;
use crate::price::storage::read_storage;

const TWO: &str = "date,product,usd,source\n\
    2026-03-10,DDR5 16Gb,30,a\n2026-04-10,DDR5 16Gb,33,a\n2026-04-20,DDR5 16Gb,35,a\n2026-05-10,DDR5 16Gb,39.22,a\n2026-06-10,DDR5 16Gb,43.14,a\n\
    2026-03-10,512Gb TLC,28,b\n2026-04-10,512Gb TLC,27.5,b\n2026-05-10,512Gb TLC,27.11,b\n2026-06-10,512Gb TLC,27.03,b\n";

fn tracker(text: &str, query: &Query) -> StorageTracker {
    track(&read_storage(text.as_bytes()).unwrap(), query).unwrap()
}

#[track_caller]
fn row(tracker: &StorageTracker, month: &str, product: &str) -> StorageMonth {
    let month: Month = month.parse().unwrap();
    tracker.months.iter().find(|row| row.month == Some(month) && row.product == product).unwrap().clone()
}

#[test]
fn each_product_is_a_series_with_a_named_estimator() {
    let mean = tracker(TWO, &Query::default());
    assert_eq!(
        (row(&mean, "2026-04", "DDR5 16Gb").usd, row(&mean, "2026-04", "DDR5 16Gb").points),
        (34.0, 2)
    );
    assert_eq!(mean.rules.estimator, "mean of the month's points");
    let last = tracker(TWO, &Query { estimator: Estimator::Last, ..Query::default() });
    assert_eq!(row(&last, "2026-04", "DDR5 16Gb").usd, 35.0);
    let june = row(&mean, "2026-06", "DDR5 16Gb");
    assert!((june.mom.unwrap() - 0.10).abs() < 0.001 && june.streak == Some(3));
}

#[test]
fn dram_and_nand_that_part_are_flagged_with_the_months_in_a_row() {
    // A tolerance of 0.1 %: -0.3 % is a fall, as it was told.
    let parted = tracker(TWO, &Query { tolerance: 0.001, ..Query::default() }).divergence.unwrap();
    assert_eq!((parted.months_in_a_row, parted.dram, parted.nand), (3, Move::Up, Move::Down));
    let usual = tracker(TWO, &Query::default()).divergence.unwrap();
    assert_eq!((usual.months_in_a_row, usual.nand), (0, Move::Flat), "within half a percent it is flat");
}

const CHANGED: &str = "date,product,usd,source\n\
    2024-10-10,DDR4 2666,1.9,a\n2024-11-06,DDR4 2666,1.843,a\n2025-02-12,DDR4 3200,1.451,a\n2025-03-12,DDR4 3200,1.6,a\n";

#[test]
fn a_changed_product_is_a_new_series() {
    let guarded = tracker(CHANGED, &Query { gap: OnRun::Hold, ..Query::default() });
    assert_eq!(row(&guarded, "2025-02", "DDR4 3200").mom, None);
    let [at] = guarded.breaks.as_slice() else { panic!("{:?}", guarded.breaks) };
    assert_eq!(
        (at.from.as_str(), at.to.as_str(), at.month.to_string().as_str()),
        ("DDR4 2666", "DDR4 3200", "2025-02")
    );
}

#[test]
fn a_splice_joins_two_products_and_is_said() {
    let splice: Splice = "DDR4 2666=DDR4 3200".parse().unwrap();
    let query = Query { splices: vec![splice], gap: OnRun::Hold, ..Query::default() };
    let joined = tracker(CHANGED, &query);
    let first = row(&joined, "2025-02", "DDR4 3200");
    assert!(first.spliced && (first.mom.unwrap() - (1.451 / 1.843 - 1.0)).abs() < 1e-12);
    assert!(!row(&joined, "2025-03", "DDR4 3200").spliced && joined.breaks.is_empty());
    assert_eq!(joined.splices, ["DDR4 2666 = DDR4 3200"]);
}

#[test]
fn a_splice_of_nothing_names_what_there_is() {
    let points = read_storage(CHANGED.as_bytes()).unwrap();
    let of = |text: &str| {
        let query = Query { splices: vec![text.parse().unwrap()], ..Query::default() };
        track(&points, &query).unwrap_err()
    };
    assert!(of("DDR4 2667=DDR4 3200").contains("no product \"DDR4 2667\"; there are DDR4"), "{}", of("a=b"));
    assert!(of("DDR4 2666=tape").contains("no product \"tape\""));
    assert!(
        "=b".parse::<Splice>().is_err() && "a".parse::<Splice>().is_err() && "a=a".parse::<Splice>().is_err()
    );
}
