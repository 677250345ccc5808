use clap::Parser;
use mtok::cost::HOURS_PER_YEAR;
use mtok::fleet::analysis::{Analysis, CellSpread, Label, Standing, analyse};
use mtok::fleet::collected::{Cell, Collected, Rows, State, Task, Type, Unit};
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::Card;
use mtok::fleet::simulate::{self, Faults};
use mtok::market::Verdict;
use mtok::market::budget::Side;
use mtok::market::fleet::{FleetCosts, FleetDay};
use mtok::market::row::Comparison;
use mtok::measurement::merged::merged;
use mtok::measurement::{DeviceType, Measurement, wire};

use super::*;
use crate::cli::{Cli, Verb};
use crate::cmd::tables::Tables;

const DAY: &str = "--as-of=2026-11-21";
const H100: &str = "NVIDIA H100 80GB HBM3";

/// The bundled example's rows as if a GPU of this name had measured them.
fn rows(adapter: &str) -> Vec<Measurement> {
    let mut rows = wire::read(include_bytes!("../../../../tests/data/measurements.csv").as_slice()).unwrap();
    for row in &mut rows {
        row.provenance.identity.adapter = adapter.to_owned();
        if !adapter.starts_with("llvmpipe") {
            row.provenance.identity.device_type = DeviceType::DiscreteGpu;
        }
    }
    merged(&rows)
}

/// A fleet of these types, each with devices that take so much longer than the median one.
fn fleet(types: &[(&str, &[f64])]) -> (Collected, Analysis) {
    let mut collected = Collected {
        plan: Plan::new(1, Per::Gpu, vec![], ("0.1.0", ""), false, String::new()),
        tasks: vec![],
        units: vec![],
        types: vec![],
        cells: vec![],
        visits: vec![],
        examples: vec![],
        aside: vec![],
        rows: 0,
    };
    let mut analysis = Analysis::default();
    for (type_index, (adapter, devices)) in (0..).zip(types) {
        let rows = rows(adapter);
        let device_type = rows[0].provenance.identity.device_type;
        collected.types.push(Type { adapter: (*adapter).to_owned(), device_type, backend: "vulkan".into() });
        for slower in *devices {
            let task = collected.tasks.len() as u32;
            let node = format!("n{type_index}-{task}");
            collected.tasks.push(Task {
                task,
                state: State::Done,
                units: 1,
                node: node.clone(),
                ..Task::default()
            });
            collected.units.push(Unit {
                task,
                card: Card { node, adapter: (*adapter).to_owned(), ..Card::default() },
                type_index,
                comparable: true,
                rows: Rows { ok: 1, ..Rows::default() },
                ..Unit::default()
            });
            let label = if *slower > 0.1 { Label::SlowCard } else { Label::Alike };
            analysis.standings.push(Some(Standing { slower: *slower, p_adjusted: 1.0, label }));
        }
        for (cell, row) in (0..).zip(rows) {
            if let Some(timing) = row.timing() {
                let median_s = timing.seconds.median;
                let spread = CellSpread {
                    type_index,
                    cell,
                    devices: devices.len() as u32,
                    min_s: median_s,
                    q1_s: median_s,
                    median_s,
                    q3_s: median_s,
                    max_s: median_s,
                };
                analysis.cells.push(spread);
                if type_index == 0 {
                    let (variant, cache) = (row.variant.clone(), row.cache);
                    collected.cells.push(Cell { name: row.cell(), op: row.op, variant, cache });
                }
                collected.examples.push((type_index, cell, row));
            } else if type_index == 0 {
                let (variant, cache) = (row.variant.clone(), row.cache);
                collected.cells.push(Cell { name: row.cell(), op: row.op, variant, cache });
            }
        }
    }
    collected.plan.tasks = collected.tasks.len() as u32;
    (collected, analysis)
}

fn asked(words: &[&str]) -> FleetCostArgs {
    let words = [&[DAY], words].concat();
    FleetCostArgs::of_words(words.into_iter().map(str::to_owned)).unwrap()
}

fn of((collected, analysis): &(Collected, Analysis), words: &[&str]) -> FleetCosts {
    costs(&asked(words), collected, analysis).unwrap_or_else(|failure| panic!("{}", failure.message))
}

fn refused(fleet: &(Collected, Analysis), words: &[&str]) -> String {
    costs(&asked(words), &fleet.0, &fleet.1).unwrap_err().message
}

/// The rows that `mtok compare` makes of the same rows on one device.
fn compared(adapter: &str, words: &[&str]) -> Vec<Comparison> {
    let cli = Cli::try_parse_from([&["mtok", "compare", "--gpu=H100 SXM", DAY], words].concat()).unwrap();
    let Verb::Compare(args) = cli.verb else { panic!("another verb") };
    let tables = Tables::open(None).unwrap();
    let gpus = tables.gpus().unwrap();
    let origin = Origin::of_rows(&rows(adapter), &gpus).unwrap();
    let rents = compare::rents(&args.price, &tables, &gpus, &origin).unwrap();
    let (rows, _) =
        compare::comparisons(&args.workload, &args.price, &tables, &gpus, &origin, &rents).unwrap();
    rows.into_iter().map(|compared| compared.row).collect()
}

fn noted(costs: &FleetCosts, words: &str) -> bool {
    costs.notes.iter().any(|note| note.contains(words))
}

#[test]
fn a_fleet_of_devices_alike_costs_what_one_of_them_costs() {
    let words = ["--model=llama-3.1-8b", "--weights=f16", "--utilisation=0.5"];
    let costs = of(&fleet(&[(H100, &[0.0; 8])]), &words);
    let [of_type] = costs.types.as_slice() else { panic!("{costs:?}") };
    assert_eq!((of_type.devices, of_type.speed), (8, 1.0));
    let [mut row] = <[Comparison; 1]>::try_from(of_type.rows.clone()).unwrap();
    let [mut alone] = <[Comparison; 1]>::try_from(compared(H100, &words)).unwrap();
    // The power of one device is not that of the median one.
    for row in [&mut row, &mut alone] {
        (row.prefill_joules_per_token, row.decode_joules_per_token) = (None, None);
    }
    assert_eq!(row, alone);

    let [day] = costs.days.as_slice() else { panic!("{costs:?}") };
    let rent = row.usd_per_hour.unwrap();
    assert!((day.rent_usd_per_day.unwrap() - 8.0 * 24.0 * rent).abs() < 1e-9);
    assert!((day.rent_usd_per_mtok.unwrap() / row.usd_per_mtok_blended.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!((day.verdict, day.own_usd_per_day), (row.verdict, None));
    assert!(
        noted(&costs, "utilisation 0.500 = 0.500 busy (typed) · 1.00 available (8 of 8 devices"),
        "{costs:?}"
    );
}

#[test]
fn devices_that_do_not_serve_are_paid_for() {
    let mut fleet = fleet(&[(H100, &[0.0; 9])]);
    let failed = Task { task: 9, state: State::Failed, exit: Some(3), ..Task::default() };
    fleet.0.tasks.push(failed);
    let words = ["--usd-per-hour=2", "--weights=f16", "--utilisation=0.6"];
    let all = of(&fleet, &words);
    let day = &all.days[0];
    assert_eq!((day.devices, day.devices_serving), (10, 9));
    assert!((day.utilisation - 0.54).abs() < 1e-12 && (day.available - 0.9).abs() < 1e-12);
    assert_eq!(day.rent_usd_per_day, Some(480.0));
    assert!((all.types[0].rows[0].utilisation - 0.54).abs() < 1e-12);
    // Who knows better says so; the load is typed in parts then.
    let typed =
        of(&fleet, &["--usd-per-hour=2", "--weights=f16", "--utilisation-parts=daily=0.6,available=0.98"]);
    assert!((typed.days[0].utilisation - 0.588).abs() < 1e-12);
    assert!(noted(&typed, "0.980 available (typed)"), "{:?}", typed.notes);

    fleet.0.tasks.push(Task { task: 10, ..Task::default() });
    let open = of(&fleet, &words);
    assert_eq!(open.days, all.days);
    assert!(
        noted(&open, "1 of 11 tasks have not ended") && noted(&open, "0.818 would be available"),
        "{:?}",
        open.notes
    );
}

#[test]
fn slow_devices_take_exactly_their_share() {
    let words = ["--usd-per-hour=2", "--weights=f16", "--utilisation=0.6"];
    let tokens = |slower: &[f64]| {
        let costs = of(&fleet(&[(H100, slower)]), &words);
        let day = &costs.days[0];
        (day.tokens_per_day.unwrap(), day.tokens_per_day_lost.unwrap(), costs)
    };
    let (healthy, none, _) = tokens(&[0.0; 5]);
    let (slow, lost, costs) = tokens(&[0.0, 0.0, 0.0, 0.0, 0.25]);
    assert_eq!(none, 0.0);
    assert!((slow / healthy - 0.96).abs() < 1e-12 && (lost / healthy - 0.04).abs() < 1e-12);
    assert!(noted(&costs, "1 slow devices take 4.00 % of its tokens"), "{:?}", costs.notes);
}

#[test]
fn nothing_is_priced_for_a_device_that_is_in_no_table() {
    let unknown = fleet(&[("Fantasia 9000", &[0.0; 2])]);
    let costs = of(&unknown, &["--weights=f16"]);
    let day = &costs.days[0];
    assert_eq!((day.rent_usd_per_day, day.rent_usd_per_mtok, day.verdict), (None, None, None));
    assert!(day.tokens_per_day.is_some() && day.buy_usd_per_day.is_some());
    assert!(noted(&costs, "no rent of \"Fantasia 9000\" is known"), "{:?}", costs.notes);
    // Somebody may know what it is.
    let named = of(&unknown, &["--weights=f16", "--gpu=h100 sxm"]);
    let known = of(&fleet(&[(H100, &[0.0; 2])]), &["--weights=f16"]);
    assert_eq!(named.days[0].rent_usd_per_day, known.days[0].rent_usd_per_day);
    assert!(named.days[0].verdict.is_some());
    assert!(refused(&fleet(&[(H100, &[0.0])]), &["--gpu=h100 sxm"]).contains("--gpu says nothing here"));
}

#[test]
fn a_simulated_fleet_has_no_rent_but_a_typed_one() {
    let mut fleet = fleet(&[(H100, &[0.0; 2])]);
    fleet.0.plan.simulated = true;
    for words in [&["--weights=f16"][..], &["--weights=f16", "--hardware=H100 SXM"]] {
        let costs = of(&fleet, words);
        assert_eq!(costs.days[0].rent_usd_per_day, None);
        assert!(
            noted(&costs, "simulated: the rates were made up") && noted(&costs, "has no rent"),
            "{:?}",
            costs.notes
        );
    }
    assert_eq!(of(&fleet, &["--weights=f16", "--usd-per-hour=2"]).days[0].rent_usd_per_day, Some(96.0));
}

#[test]
fn a_software_adapter_is_labelled_and_in_no_total() {
    let fleet = fleet(&[("llvmpipe (LLVM 15.0.6, 256 bits)", &[0.0; 2]), (H100, &[0.0; 2])]);
    let costs = of(&fleet, &["--weights=f16"]);
    let [software, gpu] = costs.days.as_slice() else { panic!("{costs:?}") };
    assert!(software.software && !gpu.software);
    assert!(costs.types[0].rows[0].note.starts_with("software adapter (not a GPU)"));
    assert!(noted(&costs, "priced as a 2-vCPU cloud machine"), "{:?}", costs.notes);
    assert_eq!(costs.totals, []);
}

#[test]
fn types_that_serve_the_same_model_add_up() {
    let fleet = fleet(&[(H100, &[0.0; 2]), ("NVIDIA A100-SXM4-80GB", &[0.0; 3])]);
    let costs = of(&fleet, &["--weights=f16", "--usd-per-hour=2"]);
    let [total] = costs.totals.as_slice() else { panic!("{costs:?}") };
    let sum = |of: fn(&FleetDay) -> Option<f64>| costs.days.iter().map(of).sum::<Option<f64>>();
    assert_eq!((total.devices, total.rent_usd_per_day), (5, Some(240.0)));
    assert_eq!(total.tokens_per_day, sum(|day| day.tokens_per_day));
    assert!(noted(&costs, "--usd-per-hour counts for every type"), "{:?}", costs.notes);
    // A preset is of one GPU.
    let owned = of(&fleet, &["--weights=f16", "--preset=h100-neocloud"]);
    assert_eq!(owned.days[1].own_usd_per_day, None);
    assert!((owned.days[0].own_usd_per_day.unwrap() - 2.0 * 24.0 * 1.69).abs() < 1e-9);
    assert!(
        noted(&owned, "preset h100-neocloud is of the H100 SXM, not of the A100 SXM 80GB"),
        "{:?}",
        owned.notes
    );
}

#[test]
fn an_owned_fleet_draws_its_power_by_the_load() {
    let fleet = fleet(&[(H100, &[0.0; 2])]);
    let own = ["--capex-usd=30000", "--capital=0", "--hosting-usd-per-hour=0", "--maintenance=0", "--kw=1"];
    let power =
        ["--usd-per-kwh=0.1", "--pue=1.5", "--idle=0.5", "--years=4", "--weights=f16", "--usd-per-hour=2"];
    let day = |busy: &str| of(&fleet, &[&own[..], &power, &[busy]].concat()).days[0].own_usd_per_day.unwrap();
    let capital = 2.0 * 24.0 * 30_000.0 / (4.0 * HOURS_PER_YEAR);
    assert!((day("--utilisation=1") - capital - 2.0 * 24.0 * 0.15).abs() < 1e-9);
    assert!((day("--utilisation=0.5") - capital - 2.0 * 24.0 * 0.15 * 0.75).abs() < 1e-9);
}

#[test]
fn the_default_is_one_model_in_the_formats_that_were_measured() {
    let fleet = fleet(&[(H100, &[0.0; 2])]);
    let costs = of(&fleet, &[]);
    assert!(
        costs.days.iter().all(|day| day.model == "llama-3.1-8b" && day.tokens_per_day.is_some()),
        "{costs:?}"
    );
    assert!(noted(&costs, "costs are of llama-3.1-8b: --model names others"));
    assert!(noted(&costs, "full load in every hour in which a device works"));
    let formats: Vec<&str> = costs.days.iter().map(|day| day.weights.as_str()).collect();
    assert!(
        !formats.is_empty() && formats.iter().all(|format| ["f16", "q8_0", "q4_0"].contains(format)),
        "{formats:?}"
    );
}

#[test]
fn the_reason_and_the_verdict_come_from_intervals() {
    let fleet = fleet(&[(H100, &[0.0; 2])]);
    let dear = of(&fleet, &["--weights=f16", "--usd-per-hour=50"]);
    let day = &dear.days[0];
    assert_eq!((day.verdict, day.cheapest), (Some(Verdict::Buy), Some(Side::Buy)));
    assert!(day.reason.starts_with("buying is the cheapest at "), "{}", day.reason);
}

#[test]
fn the_slow_devices_of_a_simulated_fleet_are_found_and_priced() {
    let planted = |tasks| {
        let faults = Faults { slow: (3, 0.1), ..Faults::default() };
        let fleet = simulate::Fleet { tasks, faults, ..simulate::Fleet::default() };
        let collected = simulate::collected(&fleet, &fleet.planted().unwrap());
        let analysis = analyse(&collected);
        (collected, analysis)
    };
    let words = ["--weights=f16", "--usd-per-hour=2", "--gpu=H100 SXM", "--utilisation=0.5"];
    let costs = of(&planted(64), &words);
    let [day] = costs.days.as_slice() else { panic!("{costs:?}") };
    assert_eq!((day.devices, day.rent_usd_per_day, day.available), (64, Some(3072.0), 1.0));
    assert!(noted(&costs, "3 slow devices take") && noted(&costs, "simulated"), "{:?}", costs.notes);
    // 3 of 64 take 10 % longer; what is found of each is off by a few tenths of a percent.
    let lost = day.tokens_per_day_lost.unwrap() / day.tokens_per_day.unwrap();
    assert!((lost / (3.0 / 64.0 * (1.0 - 1.0 / 1.1)) - 1.0).abs() < 0.2, "{lost}");
    let row = &costs.types[0].rows[0];
    assert!(row.usd_per_mtok_blended_low < row.usd_per_mtok_blended, "{row:?}");
}

#[test]
fn what_cannot_be_priced_is_a_note_and_no_failure() {
    let nothing = of(&fleet(&[]), &[]);
    assert_eq!((nothing.types, nothing.days), (vec![], vec![]));
    let mut none_served = fleet(&[(H100, &[0.0; 2])]);
    none_served.0.units.iter_mut().for_each(|unit| unit.rows = Rows { failed: 3, ..Rows::default() });
    let costs = of(&none_served, &[]);
    assert!(costs.days.is_empty() && noted(&costs, "none of its 2 devices served"), "{:?}", costs.notes);
    let mut foreign = fleet(&[(H100, &[0.0; 2])]);
    foreign.0.units.iter_mut().for_each(|unit| unit.comparable = false);
    assert!(noted(&of(&foreign, &[]), "no device is comparable"));
    let mut few_cells = fleet(&[(H100, &[0.0; 2])]);
    few_cells.1.cells.truncate(1);
    let costs = of(&few_cells, &[]);
    assert!(costs.days.is_empty() && noted(&costs, "no verified measurement of"), "{:?}", costs.notes);
}

#[test]
fn wrong_arguments_are_refused_whatever_the_fleet() {
    let fleet = fleet(&[]);
    assert!(refused(&fleet, &["--model=lama-3.1-8b"]).contains("lama-3.1-8b"));
    assert!(refused(&fleet, &["--offers=all"]).contains("counts one rent"));
    assert!(refused(&fleet, &["--gpu=H100 SX"]).contains("H100 SXM"));
    let known = self::fleet(&[(H100, &[0.0])]);
    assert!(refused(&known, &["--hardware=H100 SX"]).contains("H100 SXM"));
    assert!(refused(&known, &["--preset=nope"]).contains("nope"));
}
