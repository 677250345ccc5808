//! The device times of tokens down to measured rows or the datasheet.

use super::numbers::exact;
use super::{Ground, Node, Origin, Source, Walk};
use crate::hardware::GpuSpec;
use crate::market::figure;
use crate::measurement::Measurement;
use crate::op::Op;
use crate::throughput::datasheet::FITTED;
use crate::throughput::{Basis, Pass, Term};

impl<'g> Walk<'_, 'g> {
    pub(super) fn input_time(&mut self, node: &mut Node) {
        let Some(basis) = self.basis(node) else { return };
        node.parts.push(self.prompt(basis));
        node.parts.extend(figure::find("isl").map(|isl| self.figure(isl)));
        node.parts.push(self.saved(basis));
        self.sources(node);
    }

    pub(super) fn output_time(&mut self, node: &mut Node) {
        let Some(basis) = self.basis(node) else { return };
        node.parts.push(self.decode(basis));
        node.parts.push(plain("output tokens of a step", basis.yielded, "tokens"));
        node.parts.push(self.saved(basis));
        self.sources(node);
    }

    fn basis(&self, node: &mut Node) -> Option<&'g Basis> {
        match self.ground.basis {
            Ok(basis) => Some(basis),
            Err(why) => {
                node.note = why.to_owned();
                None
            }
        }
    }

    fn prompt(&mut self, basis: &Basis) -> Node {
        self.step("prompt, packed with others", &basis.prompt)
    }

    fn decode(&mut self, basis: &Basis) -> Node {
        self.step("decode step of the batch", &basis.decode)
    }

    /// What passes that carry prompts and decode save of the time of both apart.
    fn saved(&mut self, basis: &Basis) -> Node {
        let ((decode_s, _), (prompt_s, _), (mixed_s, _)) = (&basis.decode, &basis.prompt, &basis.mixed);
        let apart_s = decode_s + basis.begun * prompt_s;
        let node = Node {
            what: "m, what prompts and decoding in one pass leave of their time apart".into(),
            value: Some(basis.saved),
            formula: "min(1, mixed / apart)".into(),
            numbers: format!("min(1, {} / {}) = {}", exact(*mixed_s), exact(apart_s), exact(basis.saved)),
            ..Node::default()
        };
        self.once(node, "m", |walk, node| {
            node.parts.push(walk.step("mixed: a decode step with its share of prompts", &basis.mixed));
            let numbers = [*decode_s, basis.begun, *prompt_s, apart_s].map(exact);
            let [decode, begun, prompt, apart] = &numbers;
            let parts = vec![
                walk.decode(basis),
                plain("begun, requests that begin in a step", basis.begun, ""),
                walk.prompt(basis),
            ];
            node.parts.push(Node {
                what: "apart".into(),
                value: Some(apart_s),
                unit: "s",
                formula: "decode + begun · prompt".into(),
                numbers: format!("{decode} + {begun} · {prompt} = {apart}"),
                parts,
                ..Node::default()
            });
        })
    }

    fn step(&mut self, what: &str, (seconds, passes): &(f64, Vec<Pass>)) -> Node {
        let sum: Vec<String> = passes.iter().map(|pass| exact(pass.times * pass.seconds)).collect();
        let node = Node {
            what: what.to_owned(),
            value: Some(*seconds),
            unit: "s",
            formula: "sum of its passes".into(),
            numbers: format!("{} = {}", sum.join(" + "), exact(*seconds)),
            ..Node::default()
        };
        self.once(node, what, |walk, node| {
            let parts: Vec<Node> = passes.iter().map(|pass| walk.pass(pass)).collect();
            node.parts.extend(parts);
        })
    }

    fn pass(&mut self, pass: &Pass) -> Node {
        let once: f64 = pass.terms.iter().map(|term| term.seconds).sum();
        let (share, share_number) = match pass.share {
            1.0 => ("", String::new()),
            share => (" · share that no cache holds", format!(" · {}", exact(share))),
        };
        let value = pass.times * pass.seconds;
        let node = Node {
            what: pass.what.clone(),
            value: Some(value),
            unit: "s",
            formula: format!("times{share} · sum of its parts"),
            numbers: format!("{}{share_number} · {} = {}", exact(pass.times), exact(once), exact(value)),
            ..Node::default()
        };
        // The same pass in another step is told once.
        self.once(node, &format!("pass {} {once}", pass.what), |walk, node| {
            let mut terms: Vec<&Term> = pass.terms.iter().filter(|term| term.seconds > 0.0).collect();
            terms.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
            let parts: Vec<Node> = terms.into_iter().map(|term| walk.term(term)).collect();
            node.parts.extend(parts);
        })
    }

    fn term(&mut self, term: &Term) -> Node {
        let factors: Vec<String> =
            term.factors.iter().map(|(what, value)| format!("{what} {}", exact(*value))).collect();
        let mut node = Node {
            what: match &term.op {
                Some(op) => format!("{} {} {}", term.what, op.format(), op.shape()),
                None => term.what.clone(),
            },
            value: Some(term.seconds),
            unit: "s",
            formula: term.formula.to_owned(),
            numbers: format!("{} = {}", factors.join(", "), exact(term.seconds)),
            note: term.bound.to_string(),
            ..Node::default()
        };
        let cells = match (&term.op, term.cells.as_slice()) {
            (Some(Op::AllReduce { workers, .. }), []) => self.sums_over(*workers),
            (_, cells) => cells.to_vec(),
        };
        if cells.is_empty() {
            node.origin = Origin::Stated;
        } else if cells.len() > 1 {
            node.note += &format!("; the rate is read between {} measured cells", cells.len());
        }
        for cell in cells {
            node.parts.extend(self.cell(cell));
        }
        node
    }

    /// The measured all-reduces over so many devices.
    fn sums_over(&self, devices: u64) -> Vec<u32> {
        let cells = (1..).zip(&self.cells);
        let same =
            |cell: &Measurement| matches!(cell.op, Op::AllReduce { workers, .. } if workers == devices);
        cells.filter(|(_, cell)| same(cell) && cell.timing().is_some()).map(|(place, _)| place).collect()
    }

    /// A measured cell with the rows of its runs.
    fn cell(&mut self, place: u32) -> Option<Node> {
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        let cell = self.cells.get(index)?.clone();
        let Source::Measured { rows, places } = self.ground.device else { return None };
        let seconds = cell.timing()?.seconds.median;
        let same = |row: &Measurement| {
            (row.op, row.variant.as_str(), row.cache) == (cell.op, cell.variant.as_str(), cell.cache)
                && row.outcome.status() == cell.outcome.status()
        };
        let runs: Vec<Node> = rows
            .iter()
            .zip(places)
            .filter(|(row, _)| same(row))
            .filter_map(|(row, place)| run(row, place))
            .collect();
        let count = runs.len();
        let mut node = Node {
            what: format!(
                "cell {} {} {} {}",
                cell.op.kernel(),
                cell.op.format(),
                cell.op.shape(),
                cell.variant
            ),
            value: Some(seconds),
            unit: "s",
            origin: Origin::Measured,
            formula: format!("median of {count} runs"),
            ..Node::default()
        };
        if let [only] = runs.as_slice() {
            node.formula.clear();
            node.place.clone_from(&only.place);
            node.note.clone_from(&only.note);
            return Some(node);
        }
        Some(self.once(node, &format!("cell {place}"), |_, node| node.parts = runs))
    }

    /// The rows of the device and of the model, and what must be known besides, once.
    fn sources(&mut self, node: &mut Node) {
        if !self.seen.insert("sources".into()) {
            return;
        }
        if let Source::Datasheet(gpu, place) = self.ground.device {
            node.parts.push(datasheet(gpu, place));
            node.parts.push(constants());
        }
        node.parts.push(model(self.ground));
        // What stands in for what was not measured is said there.
        let note = self.ground.row.note.clone();
        if !note.is_empty() {
            node.parts.push(Node {
                what: "remarks of the estimate".into(),
                origin: Origin::Stated,
                note,
                ..Node::default()
            });
        }
    }
}

fn run(row: &Measurement, place: &str) -> Option<Node> {
    let timing = row.timing()?;
    Some(Node {
        what: format!("run {}", row.run),
        value: Some(timing.seconds.median),
        low: Some(timing.seconds.q1),
        high: Some(timing.seconds.q3),
        unit: "s",
        origin: Origin::Measured,
        place: place.to_owned(),
        note: format!(
            "run {}, median of {} samples, quartiles {} to {}",
            row.run,
            timing.samples,
            exact(timing.seconds.q1),
            exact(timing.seconds.q3)
        ),
        ..Node::default()
    })
}

fn plain(what: &str, value: f64, unit: &'static str) -> Node {
    Node { what: what.to_owned(), value: Some(value), unit, ..Node::default() }
}

fn datasheet(gpu: &GpuSpec, place: &str) -> Node {
    let read = |what: &str, value: Option<f64>, unit: &'static str| {
        value.map(|value| Node { origin: Origin::Read, ..plain(what, value, unit) })
    };
    let tera = |what: &str, rate: Option<crate::units::FlopsPerSecond>| {
        read(what, rate.map(|rate| rate.0 / 1e12), "TFLOP/s")
    };
    let giga = |rate: Option<crate::units::BytesPerSecond>| rate.map(|rate| rate.0 / 1e9);
    let figures = [
        read("memory bandwidth", giga(gpu.bandwidth), "GB/s"),
        tera("fp32 peak", gpu.fp32),
        tera("fp16 peak", gpu.fp16),
        tera("fp8 peak", gpu.fp8),
        read("link, one direction", giga(gpu.link), "GB/s"),
    ];
    Node {
        what: format!("datasheet of {}", gpu.name),
        origin: Origin::Read,
        place: place.to_owned(),
        note: format!("checked {}, {}", gpu.date_checked, gpu.source),
        parts: figures.into_iter().flatten().collect(),
        ..Node::default()
    }
}

/// The constants of the datasheet model.
fn constants() -> Node {
    let of = [
        ("share of bandwidth", FITTED.bandwidth, ""),
        ("share of arithmetic", FITTED.arithmetic, ""),
        ("share of the link", FITTED.link, ""),
        ("share of the bandwidth that experts reach", FITTED.expert_bandwidth, ""),
        ("share of the arithmetic that experts reach", FITTED.expert_arithmetic, ""),
        ("fixed time of a layer", FITTED.layer.0, "s"),
        ("fixed time of a layer with experts, besides", FITTED.expert_layer.0, "s"),
        ("fixed time of a sequence and step", FITTED.sequence.0, "s"),
    ];
    let part = |(what, value, unit)| Node { origin: Origin::Stated, ..plain(what, value, unit) };
    Node {
        what: "constants of the datasheet model".into(),
        origin: Origin::Stated,
        note: "fitted on published measurements: mtok validate".into(),
        parts: of.into_iter().map(part).collect(),
        ..Node::default()
    }
}

fn model(ground: &Ground<'_>) -> Node {
    Node {
        what: format!("architecture of {}, weights in {}", ground.row.model, ground.row.weights),
        origin: Origin::Read,
        place: ground.model_place.to_owned(),
        note: ground.model_source.to_owned(),
        ..Node::default()
    }
}
