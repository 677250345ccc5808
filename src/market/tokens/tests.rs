use super::*;
use crate::price::token::read_tokens;
use jiff::civil::date;
use proptest::prelude::*;

const HEADER: &str =
    "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";

fn cards(rows: &str) -> Vec<TokenListing> {
    read_tokens((HEADER.to_owned() + rows).as_bytes()).unwrap()
}

fn three() -> Query<'static> {
    Query::of("m", Mix::new(3.0).unwrap())
}

fn tracked(rows: &str) -> TokenTracker {
    track(&cards(rows), &three()).unwrap()
}

const JUNE: &str = "m,a,x,1,5,,2026-06-02,p\nm,b,x,2,6,,2026-06-02,p\nm,c,x,4,8,,2026-06-02,p\n";

#[test]
fn each_seller_votes_once_a_month_with_its_newest_card() {
    let tracker = tracked(&(JUNE.to_owned() + "m,C,y,3,3,,2026-06-30,p\nother,d,x,1,1,,2026-06-30,p\n"));
    let [june] = tracker.months.as_slice() else { panic!("{tracker:?}") };
    assert_eq!((june.sellers, june.median_usd_per_mtok_blended), (3, Some(3.0)));
    assert_eq!((june.median_usd_per_mtok_in, june.median_usd_per_mtok_out), (Some(2.0), Some(5.0)));
    assert_eq!((june.cheapest_usd_per_mtok_blended, june.cheapest_seller.as_deref()), (Some(2.0), Some("a")));
    assert_eq!((tracker.scope.input_output_ratio, june.streak), (3.0, None));
}

#[test]
fn the_median_moves_with_its_sellers_and_the_matched_change_does_not() {
    let rows =
        JUNE.to_owned() + "m,a,x,1,5,,2026-07-02,p\nm,c,x,2,4,,2026-07-02,q\nm,d,x,0.1,0.1,,2026-07-02,q\n";
    let tracker = tracked(&rows);
    let july = &tracker.months[1];
    assert!((july.mom.unwrap() + 1.0 / 3.0).abs() < 1e-12 && july.streak == Some(-1));
    assert!((july.matched_mom.unwrap() - (0.5f64.sqrt() - 1.0)).abs() < 1e-12);
    assert_eq!((july.matched, july.up, july.down, july.matched_streak), (2, 0, 1, Some(-1)));
    assert_eq!((july.joined.join("+"), july.left.join("+")), ("d".into(), "b".into()));
    assert!((july.cheapest_mom.unwrap() + 0.95).abs() < 1e-12);
    assert!(tracker.warnings[0].starts_with("months come from different tables"), "{:?}", tracker.warnings);
}

#[test]
fn one_seller_is_a_list_price_and_not_a_market() {
    let tracker = tracked("m,a,x,1,5,,2026-06-02,p\nm,a,x,1,1,,2026-07-02,p\n");
    let july = &tracker.months[1];
    assert_eq!((july.median_usd_per_mtok_blended, july.cheapest_usd_per_mtok_blended), (None, Some(1.0)));
    assert_eq!(july.withheld.as_deref(), Some("1 seller, 3 needed: a list price, not a market"));
    assert_eq!((july.matched_mom, tracker.warnings.len()), (Some(-0.5), 1));
}

#[test]
fn months_without_a_card_stay_in_the_series_as_gaps() {
    let tracker = tracked(&(JUNE.to_owned() + &JUNE.replace("2026-06", "2026-09")));
    assert_eq!(tracker.months.len(), 4);
    assert_eq!(tracker.months[1].withheld.as_deref(), Some("no cards"));
    assert_eq!((tracker.months[3].mom, tracker.months[3].matched_mom), (None, Some(0.0)));
    let held = track(
        &cards(&(JUNE.to_owned() + &JUNE.replace("2026-06", "2026-09"))),
        &Query { gap: OnRun::Hold, ..three() },
    );
    assert_eq!(held.unwrap().months[3].mom, Some(0.0));
}

#[test]
fn a_card_that_says_when_it_held_is_of_all_those_months() {
    let mut cards = cards(&(JUNE.to_owned() + "m,a,x,9,9,,2026-09-02,p\n"));
    let midnight = |day: Date| Some(day.to_datetime(jiff::civil::Time::midnight()));
    // Read in August: 8 a million until the middle of July.
    cards.push(TokenListing {
        seller: "dated".into(),
        date: date(2026, 8, 5),
        valid_from: midnight(date(2026, 5, 1)),
        valid_to: midnight(date(2026, 7, 15)),
        line: 9,
        ..cards[0].clone()
    });
    let tracker = track(&cards, &three()).unwrap();
    let sellers: Vec<usize> = tracker.months.iter().map(|row| row.sellers).collect();
    // In July it no longer held at the end.
    assert_eq!((tracker.scope.period_from.to_string(), sellers), ("2026-05".into(), vec![1, 4, 0, 0, 1]));
}

#[test]
fn batch_cards_and_cards_without_a_price_do_not_vote() {
    let mut cards = cards(JUNE);
    cards[0].service = crate::price::token::Service::Batch;
    cards[1].prices.input = crate::price::Quoted::Free;
    let tracker = track(&cards, &three()).unwrap();
    assert_eq!((tracker.months[0].sellers, tracker.scope.cards), (1, 1));
}

#[test]
fn unknown_models_and_empty_windows_are_refused_with_what_there_is() {
    let refused = |query: &Query<'_>| {
        track(&cards(&JUNE.replace("m,", "llama-3.1-8b,")), query).unwrap_err().to_string()
    };
    let mix = Mix::new(3.0).unwrap();
    assert_eq!(refused(&Query::of("llama-3.1-8", mix)), "no price of \"llama-3.1-8\"; nearest: llama-3.1-8b");
    assert_eq!(refused(&Query::of("\u{1b}", mix)), "no price of \"\\u{1b}\"");
    let later = Query { from: "2026-07".parse().ok(), ..Query::of("llama-3.1-8b", mix) };
    assert_eq!(refused(&later), "no card between --from and --to; there are 2026-06 to 2026-06");
}

proptest! {
    #[test]
    fn the_order_of_cards_does_not_matter(cells in prop::collection::vec((1u32..999, 1u32..999, 0u8..4, 1u8..13), 1..30)) {
        let rows: Vec<String> = cells.iter().enumerate().map(|(index, (input, output, seller, month))| {
            format!("m,s{seller},l{index},{input},{output},,2026-{month:02}-03,p\n")
        }).collect();
        let turned: String = rows.iter().rev().cloned().collect();
        let (a, b) = (tracked(&rows.concat()), tracked(&turned));
        prop_assert_eq!(a.months, b.months);
    }
}
