use super::*;
use crate::hardware;
use crate::price::rental_csv;
use proptest::prelude::*;
use std::sync::LazyLock;

const HEADER: &str = "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour\n";

fn points(rows: &str) -> Vec<RentalPoint> {
    let mut points = Vec::new();
    let text = HEADER.to_owned() + rows;
    let sink = |point| {
        points.push(point);
        Ok(())
    };
    rental_csv::read(text.as_bytes(), sink).unwrap();
    points
}

fn catalogue() -> Catalogue {
    static ONCE: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::of(&hardware::read_gpus(&include_bytes!("../../../data/gpus.csv")[..]).unwrap())
    });
    ONCE.clone()
}

const NO_SPEEDS: &str = "hardware,value,unit,source,model\n";

fn tracked(rows: &str, query: &Query<'_>) -> Tracker {
    track(&points(rows), &catalogue(), NO_SPEEDS, query).unwrap()
}

fn refused(rows: &str, query: &Query<'_>) -> String {
    track(&points(rows), &catalogue(), NO_SPEEDS, query).unwrap_err().to_string()
}

/// Prices of providers a, b, c … in the months from 2026-01; zero is no quote.
fn quotes(prices: &[&[f64]]) -> String {
    let mut rows = String::new();
    for (month, prices) in Month::new(2026, 1).unwrap().through(Month::new(2030, 1).unwrap()).zip(prices) {
        for (provider, price) in
            ["a", "b", "c", "d", "e"].iter().zip(*prices).filter(|(_, price)| **price > 0.0)
        {
            rows += &format!("{month},{provider},H100,80,on-demand,,{price}\n");
        }
    }
    rows
}

fn h100() -> Query<'static> {
    Query::of("h100")
}

#[test]
fn a_provider_that_repeats_a_price_in_every_region_has_one_vote() {
    let regions: String = (0..17).map(|region| format!("2026-01,Lambda,H100,80,,r{region},2\n")).collect();
    let rows = regions + "2026-01,LAMBDA,H100,80,,r17,3\n2026-01,a,H100,80,,,4\n2026-01,b,H100,80,,,6\n";
    let tracker = tracked(&rows, &h100());
    let month = &tracker.months[0];
    assert_eq!((month.level_usd_per_gpu_hour, month.providers), (Some(4.0), 3));
    let lambda = month.votes.iter().find(|vote| vote.provider == "LAMBDA").unwrap();
    assert_eq!((lambda.usd_per_gpu_hour, lambda.rows), (2.5, 2));
}

#[test]
fn a_price_of_many_days_weighs_as_many_days() {
    let days: String = (1..=9).map(|day| format!("2026-01-0{day},a,H100,80,,,2\n")).collect();
    let tracker = tracked(&(days + "2026-01-10,a,H100,80,,,3\n"), &h100());
    assert_eq!((tracker.months[0].votes[0].usd_per_gpu_hour, tracker.months[0].votes[0].rows), (2.0, 10));
}

#[test]
fn a_level_of_two_providers_is_withheld_with_its_reason() {
    let tracker = tracked(&quotes(&[&[1.0, 2.0, 4.0], &[1.0, 2.0], &[], &[1.0, 2.0, 6.0]]), &h100());
    let levels: Vec<_> =
        tracker.months.iter().map(|row| (row.level_usd_per_gpu_hour, row.withheld.as_deref())).collect();
    let expected = [
        (Some(2.0), None),
        (None, Some("2 providers, 3 needed")),
        (None, Some("no quotes")),
        (Some(2.0), None),
    ];
    assert_eq!(levels, expected);
    let second = &tracker.months[1];
    assert_eq!((second.mom, second.streak, second.min_usd_per_gpu_hour), (None, None, Some(1.0)));
    assert_eq!(
        (second.matched_mom, second.matched, second.left.as_slice()),
        (Some(0.0), 2, &["c".to_owned()][..])
    );
}

#[test]
fn the_level_moves_with_its_panel_and_the_matched_change_does_not() {
    // The A100 of 2026-05 and 2026-06 in the published series: five quotes instead of three, and nobody changed a price.
    let tracker = tracked(&quotes(&[&[3.12, 2.79, 1.553], &[3.12, 2.79, 1.553, 2.306, 1.435]]), &h100());
    let june = &tracker.months[1];
    assert_eq!((june.level_usd_per_gpu_hour, june.streak), (Some(2.306), Some(-1)));
    assert!((june.mom.unwrap() + 0.1735).abs() < 1e-4);
    assert_eq!((june.matched_mom, june.matched, june.up, june.down), (Some(0.0), 3, 0, 0));
    assert_eq!((june.matched_streak, june.joined.join("+")), (Some(0), "d+e".into()));
}

#[test]
fn the_matched_change_is_the_geometric_mean_of_own_changes() {
    let tracker =
        tracked(&quotes(&[&[1.0, 1.0, 4.0], &[2.0, 0.5, 4.0, 9.0], &[4.0, 0.5, 4.0, 9.0]]), &h100());
    let months = &tracker.months;
    assert!(months[1].matched_mom.unwrap().abs() < 1e-12);
    assert_eq!((months[1].up, months[1].down, months[1].matched), (1, 1, 3));
    assert!((months[2].matched_mom.unwrap() - (2f64.powf(0.25) - 1.0)).abs() < 1e-12);
    assert_eq!((months[2].up, months[2].matched, months[2].matched_streak), (1, 4, Some(1)));
}

#[test]
fn a_quote_four_months_old_is_no_longer_matched() {
    for (missing, matched) in [(2, 1), (3, 0)] {
        let mut months: Vec<&[f64]> = vec![&[1.0]];
        months.extend(std::iter::repeat_n(&[][..], missing));
        months.push(&[2.0]);
        let last = tracked(&quotes(&months), &h100()).months.pop().unwrap();
        assert_eq!(
            (last.matched, last.matched_mom.is_some()),
            (matched, matched == 1),
            "{missing} months missing"
        );
    }
}

#[test]
fn a_tenth_of_a_cent_at_one_provider_is_no_rise() {
    let query = Query { tolerance: 0.0, ..h100() };
    let tracker = tracked(&quotes(&[&[3.478, 3.478, 3.478], &[3.479, 3.479, 3.478]]), &query);
    let second = &tracker.months[1];
    assert_eq!((second.up, second.streak, second.matched_streak), (0, Some(0), Some(0)));
    assert!(second.matched_mom.unwrap() > 0.0 && second.mom.unwrap() > 0.0, "the change itself is told");
}

#[test]
fn kinds_and_bases_are_never_mixed() {
    let rows = "2026-01,a,H100,80,spot,,1\n2026-01,a,H100,80,on_demand,,2\n\
        2026-01,a,H100,80,on_demand_restated_sxm_8gpu,,3\n2026-01,b,H100,80,on_demand_restated_sxm_8gpu,,3\n\
        2026-02,b,H100,80,on_demand_restated_sxm_8gpu,,3\n";
    let votes = |query: &Query<'_>| tracked(rows, query).months[0].votes.clone();
    let first = |query: &Query<'_>| votes(query)[0].usd_per_gpu_hour;
    assert_eq!(first(&Query { kind: Kind::Spot, ..h100() }), 1.0);
    assert_eq!(first(&Query { basis: Some(Basis::List), ..h100() }), 2.0);
    let tracker = tracked(rows, &h100());
    assert_eq!((tracker.scope.basis, tracker.months[0].providers), (Basis::Restated8xSxm, 2));
    assert_eq!(
        tracker.warnings,
        ["basis restated-8xsxm; 1 months on the basis list are left out (--basis chooses)"]
    );
    let reserved = Query { kind: Kind::Reserved, ..h100() };
    assert_eq!(refused(rows, &reserved), "no reserved rent of \"h100\"; there is on-demand, spot");
}

#[test]
fn a100_of_40_and_80_gb_are_never_mixed_silently() {
    let rows =
        "2026-01,a,A100,40,,,1\n2026-01,a,A100,80,,,2\n2026-01,b,A100 SXM 80GB,,,,2\n2026-01,c,A100,,,,9\n";
    let tracker = tracked(rows, &Query::of("A100"));
    assert_eq!((tracker.scope.memory_gb.as_slice(), tracker.months[0].providers), (&[80][..], 2));
    assert!(
        tracker.warnings[0].contains("left out: unknown (1 rows), 40 GB (1 rows)"),
        "{:?}",
        tracker.warnings
    );
    let small = tracked(rows, &Query { memory_gb: Some(40), ..Query::of("a100") });
    assert_eq!(small.months[0].votes[0].usd_per_gpu_hour, 1.0);
    assert_eq!(tracked(rows, &Query::of("a100 40gb")).months, small.months);
    let other = refused(rows, &Query { memory_gb: Some(60), ..Query::of("a100") });
    assert_eq!(
        other,
        "no \"a100\" with that memory; there is unknown (1 rows), 40 GB (1 rows), 80 GB (2 rows)"
    );
}

#[test]
fn families_take_every_form_and_no_superchip() {
    let rows = "2026-01,a,H100 SXM,,,,1\n2026-01,b,H100-NVL,,,,2\n2026-01,c,NVIDIA H100 PCIe,,,,3\n2026-01,d,GH200,,,,9\n";
    let tracker = tracked(rows, &h100());
    assert_eq!((tracker.months[0].providers, tracker.months[0].level_usd_per_gpu_hour), (3, Some(2.0)));
    assert!(
        tracker.warnings[0].starts_with("several forms vote together: H100 SXM, H100-NVL, NVIDIA H100 PCIe")
    );
    assert_eq!(tracked(rows, &Query::of("h100 sxm")).scope.hardware, ["H100 SXM"]);
    assert_eq!(refused(rows, &Query::of("h20")), "no rent of \"h20\"; nearest: GH200, H100 SXM, H100-NVL");
    assert_eq!(
        refused(rows, &Query::of("\u{1b}[2J")),
        "no rent of \"\\u{1b}[2J\"; there is GH200, H100 SXM, H100-NVL, NVIDIA H100 PCIe"
    );
}

#[test]
fn a_region_stands_beside_all_regions_where_they_move_apart() {
    let mut rows = String::new();
    for (month, here, there) in [("2026-01", 2.0, 2.0), ("2026-02", 2.2, 1.0)] {
        for provider in ["a", "b", "c"] {
            rows += &format!(
                "{month},{provider},H100,80,,us-east-1,{here}\n{month},{provider},H100,80,,eu,{there}\n"
            );
        }
    }
    let tracker = tracked(&rows, &Query { region: Some("US"), ..h100() });
    let second = &tracker.months[1];
    assert!(
        (second.mom.unwrap() - 0.1).abs() < 1e-12 && (second.all_regions_mom.unwrap() + 0.2).abs() < 1e-12
    );
    assert_eq!((second.regions_disagree, tracker.scope.region.as_str()), (Some(true), "us-east-1"));
    assert_eq!(tracked(&rows, &h100()).scope.region, "all: eu, us-east-1");
    let nowhere = Query { region: Some("u"), ..h100() };
    assert_eq!(
        refused(&rows, &nowhere),
        "no on-demand rent of \"h100\" in region \"u\"; there is eu, us-east-1"
    );
}

#[test]
fn a_ratio_needs_both_levels_and_goes_per_token_where_both_were_measured() {
    let a100 = quotes(&[&[1.0, 1.0, 1.0], &[1.0, 1.0], &[2.0, 2.0, 2.0]]).replace("H100", "A100");
    let rows = quotes(&[&[2.0, 2.0, 2.0], &[2.0, 2.0, 2.0], &[3.0, 3.0, 3.0]]) + &a100;
    let speeds = "hardware,value,unit,source,model\nH100 SXM,300,tok/s,s,m\nA100 SXM 80GB,100,tok/s,s,m\n\
        H100 SXM,5,ms,s,m\nA100 PCIe 80GB,10,ms,s,m\nH100 SXM,900,tok/s,other,m\n";
    let query = Query { ratio: Some("a100"), ..h100() };
    let tracker = track(&points(&rows), &catalogue(), speeds, &query).unwrap();
    let ratios: Vec<_> = tracker.months.iter().map(|row| row.ratio).collect();
    assert_eq!(ratios, [Some(2.0), None, Some(1.5)]);
    assert_eq!(tracker.months[2].ratio_mom, None, "the month before has no ratio");
    let speed = tracker.ratio.unwrap().speed.unwrap();
    assert_eq!((speed.ratio, speed.pairs, speed.low, speed.high), (2.5, 2, 2.0, 3.0));
    assert_eq!(tracker.months[0].ratio_per_token, Some(0.8));
    let unmeasured = tracked(&rows, &query);
    assert_eq!(unmeasured.months[0].ratio_per_token, None);
    let reason = unmeasured.ratio.unwrap().no_speed;
    assert_eq!(reason.as_deref(), Some("no work was measured on both GPUs by one source"));
}

#[test]
fn restated_rents_are_of_sxm_boards_and_so_are_their_speeds() {
    let restated = |text: String| text.replace("on-demand", "on_demand_restated_sxm_8gpu");
    let rows = restated(quotes(&[&[2.0, 2.0, 2.0]]))
        + &restated(quotes(&[&[1.0, 1.0, 1.0]])).replace("H100", "A100");
    let speeds = "hardware,value,unit,source,model\nH100 PCIe,300,tok/s,s,m\nA100 SXM 80GB,100,tok/s,s,m\n";
    let query = Query { ratio: Some("a100"), ..h100() };
    let tracker = track(&points(&rows), &catalogue(), speeds, &query).unwrap();
    assert_eq!((tracker.months[0].ratio, tracker.months[0].ratio_per_token), (Some(2.0), None));
}

#[test]
fn a_constant_share_of_the_list_price_is_an_administered_spot() {
    let mut rows = String::new();
    for (gpu, price) in [("H100", 2.0), ("H200", 3.0)] {
        for (provider, share) in [("verda", 0.35), ("runpod", 1.0), ("gcp", 0.2 * price)] {
            rows += &format!(
                "2026-01,{provider},{gpu},,on-demand,,{price}\n2026-01,{provider},{gpu},,spot,,{:.3}\n",
                price * share
            );
        }
    }
    rows += "2026-01,alone,H100,,spot,,1\n";
    let tracker = tracked(&rows, &h100());
    let found: Vec<_> = tracker
        .spot
        .iter()
        .map(|spot| (spot.provider.as_str(), spot.spot_over_on_demand, spot.administered))
        .collect();
    assert_eq!(found, [("gcp", 0.4, false), ("runpod", 1.0, true), ("verda", 0.35, true)]);
    assert_eq!((tracker.months[0].spot_over_on_demand, tracker.months[0].spot_providers), (Some(0.4), 3));
}

#[test]
fn a_window_shows_fewer_months_and_changes_no_number() {
    let rows = quotes(&[&[1.0, 1.0, 1.0], &[2.0, 2.0, 2.0], &[3.0, 3.0, 3.0]]);
    let window = Query { from: "2026-02".parse().ok(), to: "2026-02".parse().ok(), ..h100() };
    assert_eq!(tracked(&rows, &window).months, [tracked(&rows, &h100()).months[1].clone()]);
    let compound = tracked(&rows, &h100()).compound.unwrap();
    assert!((compound.monthly - (3f64.sqrt() - 1.0)).abs() < 1e-12);
    let outside = Query { from: "2027-01".parse().ok(), ..h100() };
    assert_eq!(refused(&rows, &outside), "no quote between --from and --to; there are 2026-01 to 2026-03");
}

fn some_rows() -> impl Strategy<Value = Vec<String>> {
    let row = (1u8..13, "[a-e]", 5u32..10_000, "(|us|eu)").prop_map(|(month, provider, cents, region)| {
        format!("2026-{month:02},{provider},H100,80,,{region},{}.{:02}\n", cents / 100, cents % 100)
    });
    prop::collection::vec(row, 1..60)
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(rows in some_rows()) {
        let turned: String = rows.iter().rev().cloned().collect();
        prop_assert_eq!(tracked(&rows.concat(), &h100()), tracked(&turned, &h100()));
    }

    #[test]
    fn every_month_adds_up(rows in some_rows()) {
        for row in tracked(&rows.concat(), &h100()).months {
            prop_assert_eq!(row.votes.len(), row.providers);
            prop_assert!(row.matched <= row.providers && row.up + row.down <= row.matched);
            prop_assert_eq!(row.level_usd_per_gpu_hour.is_some(), row.providers >= 3);
            prop_assert_eq!(row.withheld.is_none(), row.providers >= 3);
            prop_assert_eq!(row.matched_mom.is_some(), row.matched > 0);
            if let (Some(level), Some(min), Some(max)) =
                (row.level_usd_per_gpu_hour, row.min_usd_per_gpu_hour, row.max_usd_per_gpu_hour)
            {
                prop_assert!(min <= level && level <= max);
            }
        }
    }

    #[test]
    fn nothing_asked_for_makes_it_panic(rows in some_rows(), gpu in "\\PC{0,12}", region in "\\PC{0,6}") {
        let query = Query { gpu: &gpu, region: Some(&region), ratio: Some(&gpu), ..h100() };
        let _ = track(&points(&rows.concat()), &catalogue(), NO_SPEEDS, &query);
    }
}
