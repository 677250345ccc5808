//! What is said of devices that are siblings.

use super::deviation::{SIBLINGS_MIN, Siblings};
use super::evidence;
use super::group::Group;
use super::kernels::{self, classes};
use super::nodes::{self, Node, Readings, Sensed};
use super::outward::{self, Tested};
use super::{Kind, LEAST, LEVEL, Label, Outlier, Standing};
use crate::fleet::collected::{Collected, Unit};

/// What is tested of a type: devices, nodes, and kernels.
const FAMILIES: f64 = 3.0;
/// A device belongs to what slows its node down where it has at least this share of it.
const OF_NODE: f64 = 0.5;

/// Siblings, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Of each device.
    pub standings: Vec<Option<Standing>>,
    /// What stands out.
    pub outliers: Vec<Outlier>,
    /// The smallest slowness that would be found in 95 of 100 cases.
    pub detectable: Option<f64>,
}

/// Siblings while they are judged.
struct Bench<'a> {
    group: &'a Group,
    siblings: &'a Siblings,
    units: Vec<Option<&'a Unit>>,
    readings: Readings,
    nodes: &'a [Node<'a>],
    /// How many times more tests there are than those of one family.
    factor: f64,
    /// Distances of the devices less what their slow nodes have in common.
    own: Vec<Option<f64>>,
    /// The place in `nodes` of a slow node that a device shares the slowness of.
    in_slow: Vec<Option<usize>>,
    tested: Tested,
}

/// Judges siblings; `None` where there are too few.
pub(super) fn judge(
    group: &Group,
    siblings: &Siblings,
    nodes: &[Node<'_>],
    collected: &Collected,
) -> Option<Judged> {
    let known = siblings.deviations.iter().flatten().count();
    let factor = FAMILIES * group.of as f64;
    let level = LEVEL / factor;
    let tested = (known >= SIBLINGS_MIN).then(|| test(&siblings.deviations, siblings, level))??;
    let least = LEAST.ln_1p();
    let slow = nodes::slow(nodes, siblings, &tested.p, (level, least));
    let units: Vec<Option<&Unit>> =
        siblings.units.iter().map(|unit| collected.units.get(*unit as usize)).collect();
    let mut bench = Bench {
        group,
        siblings,
        readings: Readings::of(&units.iter().copied().flatten().collect::<Vec<_>>()),
        units,
        nodes,
        factor,
        own: siblings.deviations.clone(),
        in_slow: vec![None; siblings.units.len()],
        tested,
    };
    bench.take_off(&slow);
    bench.tested = test(&bench.own, siblings, level)?;
    let mut judged = Judged {
        standings: vec![None; siblings.units.len()],
        outliers: Vec::new(),
        detectable: bench.detectable(known, level),
    };
    bench.judge_nodes(&slow, &mut judged);
    bench.judge_devices(&mut judged);
    bench.judge_kernels(collected, &mut judged);
    Some(judged)
}

/// Tests distances over all cells.
fn test(distances: &[Option<f64>], siblings: &Siblings, level: f64) -> Option<Tested> {
    let error = siblings.error_variance(|_| true);
    outward::trusted(distances, level, error, |spread| siblings.trust(distances, spread, |_| true))
}

impl Bench<'_> {
    /// Takes what slow nodes have in common off their devices.
    fn take_off(&mut self, slow: &[nodes::Slow]) {
        for slow in slow {
            let devices = self.nodes.get(slow.node).map(|node| node.devices.as_slice()).unwrap_or_default();
            for device in devices {
                let (Some(Some(own)), Some(mark)) =
                    (self.own.get_mut(*device), self.in_slow.get_mut(*device))
                else {
                    continue;
                };
                if *own >= OF_NODE * slow.distance {
                    *own -= slow.distance;
                    *mark = Some(slow.node);
                }
            }
        }
    }

    fn detectable(&self, known: usize, level: f64) -> Option<f64> {
        let bound = outward::critical(&self.tested, known, level)?.max(LEAST.ln_1p());
        // A slow device is off by chance as well: 95 of 100 lie above this.
        Some((bound + NORMAL_95 * self.tested.spread).exp_m1())
    }

    fn adjusted(&self, p: f64) -> f64 {
        (p * self.factor).min(1.0)
    }

    fn judge_nodes(&self, slow: &[nodes::Slow], judged: &mut Judged) {
        for slow in slow {
            let Some(node) = self.nodes.get(slow.node) else { continue };
            let devices: Vec<usize> = node
                .devices
                .iter()
                .copied()
                .filter(|it| self.in_slow.get(*it) == Some(&Some(slow.node)))
                .collect();
            let sensed = self.sensed(&devices);
            let (kind, label) = match sensed.throttling() {
                true => (Kind::ThrottlingNode, Label::ThrottlingNode),
                false => (Kind::SlowNode, Label::SlowNode),
            };
            let p_adjusted = self.adjusted(slow.p);
            let slower = slow.distance.exp_m1();
            for device in &devices {
                let own = self.siblings.deviations.get(*device).copied().flatten();
                let standing = own.map(|own| Standing { slower: own.exp_m1(), p_adjusted, label });
                judged.standings.get_mut(*device).into_iter().for_each(|slot| *slot = standing);
            }
            let siblings = self.siblings.units.len() - node.devices.len();
            let beside =
                evidence::beside("siblings", siblings, self.siblings.cells.len(), self.tested.spread);
            let evidence = format!(
                "{} of {} of node {} take {} {beside}{}",
                devices.len(),
                evidence::counted(node.devices.len(), "device"),
                node.name,
                evidence::than(slower),
                evidence::sensed(sensed),
            );
            judged.outliers.push(self.outlier(kind, &devices, slower, p_adjusted, evidence));
        }
    }

    fn judge_devices(&self, judged: &mut Judged) {
        let (level, least) = (LEVEL / self.factor, LEAST.ln_1p());
        for (device, (own, p)) in self.own.iter().zip(&self.tested.p).enumerate() {
            let (Some(own), Some(Some(all))) = (*own, self.siblings.deviations.get(device)) else { continue };
            let node = self.in_slow.get(device).copied().flatten();
            let label = match () {
                () if *p <= level && own >= least => Label::SlowCard,
                () if *p <= level && own <= -least && node.is_none() => Label::FastCard,
                () => Label::Alike,
            };
            if node.is_none() || label == Label::SlowCard {
                let standing = Standing { slower: all.exp_m1(), p_adjusted: self.adjusted(*p), label };
                judged.standings.get_mut(device).into_iter().for_each(|slot| *slot = Some(standing));
            }
            let kind = match label {
                Label::SlowCard => Kind::SlowCard,
                Label::FastCard => Kind::FastCard,
                _ => continue,
            };
            let evidence = self.of_device(device, own.exp_m1(), node);
            judged.outliers.push(self.outlier(kind, &[device], all.exp_m1(), self.adjusted(*p), evidence));
        }
    }

    /// Replaces slow cards that are slow on some kernels only, and adds those that stand out there and nowhere else.
    fn judge_kernels(&self, collected: &Collected, judged: &mut Judged) {
        let level = LEVEL / self.factor;
        let classes = classes(self.siblings, &collected.cells, LEAST.ln_1p());
        let taken = |(whole, own): (&Option<f64>, &Option<f64>)| whole.zip(*own).map_or(0.0, |(a, b)| a - b);
        let of_node: Vec<f64> = self.siblings.deviations.iter().zip(&self.own).map(taken).collect();
        for slow in kernels::slow(self.siblings, &classes, &of_node, level) {
            let Some(unit) = self.siblings.units.get(slow.device) else { continue };
            let (here, rest) = (slow.distance.exp_m1(), slow.rest.exp_m1());
            let name =
                self.units.get(slow.device).copied().flatten().map(evidence::device).unwrap_or_default();
            let siblings = evidence::counted(self.siblings.units.len() - 1, "sibling");
            let evidence = format!(
                "{name} takes {} the median of {siblings} on {}, and {} it on all others",
                evidence::than(here),
                slow.class,
                evidence::than(rest),
            );
            judged.outliers.retain(|it| it.kind != Kind::SlowCard || it.units != [*unit]);
            let p_adjusted = self.adjusted(slow.p);
            judged.outliers.push(self.outlier(Kind::SlowKernels, &[slow.device], here, p_adjusted, evidence));
        }
    }

    fn of_device(&self, device: usize, slower: f64, node: Option<usize>) -> String {
        let name = self.units.get(device).copied().flatten().map(evidence::device).unwrap_or_default();
        let cells = self.siblings.points.get(device).map_or(0, Vec::len);
        let beside = evidence::beside("siblings", self.siblings.units.len() - 1, cells, self.tested.spread);
        let even = if node.is_some() { "beyond what its node has in common, " } else { "" };
        let sensed = evidence::sensed(self.sensed(&[device]));
        format!("{even}{name} takes {} {beside}{sensed}", evidence::than(slower))
    }

    /// What the sensors of some devices say beside those of all.
    fn sensed(&self, devices: &[usize]) -> Sensed {
        let some: Vec<&Unit> =
            devices.iter().filter_map(|it| self.units.get(*it).copied().flatten()).collect();
        self.readings.beside(&some)
    }

    fn outlier(
        &self,
        kind: Kind,
        devices: &[usize],
        slower: f64,
        p_adjusted: f64,
        evidence: String,
    ) -> Outlier {
        let units = devices.iter().filter_map(|it| self.siblings.units.get(*it).copied()).collect();
        let type_index = self.group.type_index;
        Outlier { kind, type_index, units, slower: Some(slower), p_adjusted: Some(p_adjusted), evidence }
    }
}

/// The 95th percentile of the standard normal distribution.
const NORMAL_95: f64 = 1.644_853_626_951_472_7;
