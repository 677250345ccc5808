//! Reports of fleets whose names and faults are chosen by the test.

use mtok::fleet::analysis::{Analysis, CellSpread, Kind, Label, Outlier, Standing, TypeSpread, Variance};
use mtok::fleet::collected::{Aside, Cell, Collected, Flag, Rows, State, Task, Type, Unit, Visit, Why};
use mtok::fleet::plan::{Per, Plan};
use mtok::fleet::record::Card;
use mtok::market::Verdict;
use mtok::market::fleet::{FleetCosts, FleetDay, TypeCost};
use mtok::market::row::Comparison;
use mtok::measurement::{Cache, DeviceType, Identity};
use mtok::op::Op;
use mtok::report::fleet::FleetReport;

use super::words::Words;

/// What a fleet of a test is made of.
pub struct Fleet<'w> {
    pub nodes: u32,
    pub gpus: u32,
    pub cells: u32,
    /// Devices that take 8 % longer.
    pub slow: Vec<u32>,
    /// A node that throttles.
    pub throttling: Option<u32>,
    pub simulated: bool,
    pub device_type: DeviceType,
    /// Tasks at the end of the plan that are missing.
    pub missing: u32,
    /// Every name is one of these.
    pub words: Option<&'w Words>,
}

impl Default for Fleet<'_> {
    fn default() -> Self {
        Self {
            nodes: 16,
            gpus: 4,
            cells: 12,
            slow: vec![37, 5],
            throttling: Some(9),
            simulated: false,
            device_type: DeviceType::DiscreteGpu,
            missing: 3,
            words: None,
        }
    }
}

impl Fleet<'_> {
    fn units(&self) -> u32 {
        self.nodes * self.gpus
    }

    fn word(&self, index: u32, plain: String) -> String {
        self.words.map_or(plain, |words| words.at(index as usize).to_owned())
    }

    /// The share by which a device takes longer: within 1 %, unless it is out of line.
    fn slower(&self, unit: u32) -> f64 {
        let noise = (f64::from(unit * 7919 % 101) - 50.0) / 5000.0;
        let throttles = self.throttling.is_some_and(|node| unit / self.gpus == node);
        if self.slow.contains(&unit) {
            0.08 + noise
        } else if throttles {
            0.15 + noise
        } else {
            noise
        }
    }

    fn unit(&self, unit: u32) -> Unit {
        let node = unit / self.gpus;
        let card = Card {
            node: self.word(node, format!("gpu-node-{node:04}")),
            place: format!("place-{unit}"),
            adapter: self.word(1, "NVIDIA H100 80GB HBM3".into()),
            pci_bus_id: self.word(unit + 2, format!("0000:{:02x}:00.0", 0x10 + 0x11 * (unit % self.gpus))),
            uuid: self.word(unit + 3, format!("GPU-{unit:08x}-0000-4000-8000-000000000000")),
            clock_max_hz: Some(1.98e9),
            ..Card::default()
        };
        let identity = Identity {
            driver: self.word(4, "NVIDIA".into()),
            driver_info: self.word(unit % 7, "580.95.05".into()),
            tool_version: self.word(5, "0.1.0".into()),
            ..Identity::default()
        };
        // One of another version, and one that two tasks measured at a time.
        let flags = match unit {
            1 => vec![Flag::OtherVersion],
            2 => vec![Flag::SharedNode, Flag::MeasuredTwice],
            _ => vec![],
        };
        Unit {
            task: unit,
            card,
            identity,
            comparable: unit != 1,
            flags,
            rows: Rows { ok: u64::from(self.cells) * 2, ..Rows::default() },
            first_utc: "2026-11-20T10:00:00Z".into(),
            last_utc: "2026-11-20T10:05:00Z".into(),
            clock_hz: Some(1.7e9),
            temperature_c: Some(61.0),
            ..Unit::default()
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let task = |task: u32| Task {
            task,
            state: match task {
                _ if task >= self.units() => State::Missing,
                0 => State::Failed,
                3 => State::Begun,
                _ => State::Done,
            },
            reason: if task == 0 {
                self.word(6, "2 cells failed: out of memory".into())
            } else {
                String::new()
            },
            attempts: (task < self.units()).then_some(1),
            exit: (task == 0).then_some(1),
            node: if task < self.units() { self.unit(task).card.node } else { String::new() },
            job: self.word(7, "4711".into()),
            units: u32::from(task < self.units()),
            ..Task::default()
        };
        (0..self.units() + self.missing).map(task).collect()
    }

    fn collected(&self) -> Collected {
        let options = vec!["--budget".into(), self.word(8, "5m".into())];
        let tool = (self.word(9, "0.1.0".into()), self.word(10, "87c5076".into()));
        let made = "2026-11-20T09:00:00Z".to_owned();
        let of = (tool.0.as_str(), tool.1.as_str());
        let plan = Plan::new(self.units() + self.missing, Per::Gpu, options, of, self.simulated, made);
        let cells = (0..self.cells).map(|cell| {
            let op = Op::Copy { bytes: 1 << (10 + cell % 20) };
            Cell {
                name: self.word(cell + 11, format!("gemv/f16/m=1;n=4096;k={}/tiled", 1024 + cell)),
                op,
                variant: String::new(),
                cache: Cache::Hot,
            }
        });
        let visits = (0..self.units())
            .flat_map(|unit| (0..self.cells).flat_map(move |cell| (0..2).map(move |run| (unit, cell, run))));
        let visit =
            |(unit, cell, run): (u32, u32, u32)| Visit { unit, cell, run, median_s: self.time(unit, cell) };
        Collected {
            plan,
            tasks: self.tasks(),
            units: (0..self.units()).map(|unit| self.unit(unit)).collect(),
            types: vec![Type {
                adapter: self.word(1, "NVIDIA H100 80GB HBM3".into()),
                device_type: self.device_type,
                backend: self.word(12, "vulkan".into()),
            }],
            cells: cells.collect(),
            visits: visits.map(visit).collect(),
            examples: vec![],
            aside: self.aside(),
            rows: u64::from(self.units() * self.cells * 2),
        }
    }

    fn time(&self, unit: u32, cell: u32) -> f64 {
        let noise = (f64::from((unit * 31 + cell * 17) % 13) - 6.0) / 2000.0;
        1e-4 * f64::from(cell + 1) * (1.0 + self.slower(unit) + noise)
    }

    fn aside(&self) -> Vec<Aside> {
        let whys = [(Why::Torn, "the last row ends in the middle"), (Why::OtherPlan, "it is of plan 0123")];
        let aside = |(place, (why, what)): (u32, (Why, &str))| Aside {
            path: self.word(13 + place, format!("tasks/0000{place}/n1-0000-41-00-0/measurements.csv:9:1")),
            why,
            what: self.word(15 + place, what.into()),
            rows: 0,
        };
        (0..).zip(whys).map(aside).collect()
    }

    fn analysis(&self) -> Analysis {
        let standing = |unit: u32| {
            let slower = self.slower(unit);
            let label = if slower > 0.1 {
                Label::ThrottlingNode
            } else if slower > 0.04 {
                Label::SlowCard
            } else {
                Label::Alike
            };
            let p_adjusted = if label == Label::Alike { 1.0 } else { 1e-6 };
            (unit != 1).then_some(Standing { slower, p_adjusted, label })
        };
        let spread = |cell: u32| {
            let mut times: Vec<f64> = (0..self.units()).map(|unit| self.time(unit, cell)).collect();
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            CellSpread {
                type_index: 0,
                cell,
                devices: self.units(),
                min_s: at(0.0),
                q1_s: at(0.25),
                median_s: at(0.5),
                q3_s: at(0.75),
                max_s: at(1.0),
            }
        };
        let of_node = self.throttling.map(|node| Outlier {
            kind: Kind::ThrottlingNode,
            type_index: 0,
            units: (node * self.gpus..(node + 1) * self.gpus).collect(),
            slower: Some(0.15),
            p_adjusted: Some(2e-9),
            evidence: self.word(17, "the clock is 1200 MHz where siblings have 1700 MHz".into()),
        });
        let of_cards = self.slow.iter().map(|unit| Outlier {
            kind: Kind::SlowCard,
            type_index: 0,
            units: vec![*unit],
            slower: Some(self.slower(*unit)),
            p_adjusted: Some(1e-6),
            evidence: self.word(18, "slower than 60 of 61 siblings in 12 of 12 cells".into()),
        });
        Analysis {
            types: vec![TypeSpread {
                type_index: 0,
                devices: self.units().saturating_sub(1),
                nodes: self.nodes,
                spread: Some(0.0058),
                slowest: Some(0.16),
                fastest: Some(-0.0101),
                variance: Some(Variance { nodes: Some(0.002), devices: Some(0.0049), runs: Some(0.0021) }),
                detectable: Some(0.031),
            }],
            cells: (0..self.cells).map(spread).collect(),
            standings: (0..self.units()).map(standing).collect(),
            outliers: of_node.into_iter().chain(of_cards).collect(),
        }
    }

    /// Prices that the test has made up.
    pub fn costs(&self) -> FleetCosts {
        let [model, weights] = [self.word(19, "llama-3.1-8b".into()), self.word(20, "fp8".into())];
        let row = Comparison {
            model: model.clone(),
            weights: weights.clone(),
            usd_per_mtok_blended: Some(0.0812),
            market_usd_per_mtok: Some(0.101),
            verdict: Some(Verdict::Rent),
            ..Comparison::default()
        };
        let day = FleetDay {
            model,
            weights,
            batch: 64,
            gpus: 1,
            devices: self.units(),
            devices_serving: self.units(),
            speed: 0.988,
            load: 0.4,
            available: 1.0,
            utilisation: 0.4,
            tokens_per_day: Some(1.21e11),
            tokens_per_day_lost: Some(1.2e9),
            rent_usd_per_day: Some(2950.0),
            buy_usd_per_day: Some(12200.0),
            verdict: Some(Verdict::Rent),
            reason: self.word(21, "rent is the cheapest".into()),
            ..FleetDay::default()
        };
        let of_type = TypeCost { type_index: 0, devices: self.units(), speed: 0.988, rows: vec![row] };
        FleetCosts {
            types: vec![of_type],
            days: vec![day],
            totals: vec![],
            notes: vec![self.word(22, "utilisation is assumed".into())],
        }
    }

    /// The report.
    pub fn report(&self) -> FleetReport {
        FleetReport {
            title: self.word(23, "Fleet autumn".into()),
            collected: self.collected(),
            analysis: self.analysis(),
            costs: Some(self.costs()),
            as_of: "2026-11-20".parse().ok(),
            command: self.word(24, "mtok report --fleet fleets/autumn".into()),
        }
    }
}
