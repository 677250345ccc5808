//! `fma`: multiply-adds on registers only, in f32 and in f16. The arithmetic peak that this device and driver really
//! give, the denominator of every matrix product's rate.

use half::f16;

use super::data::Random;
use super::problem::{BufferInit, Element, Problem, Stage, grid, stage};
use super::{Capabilities, Kernel, Needs, Source, Suite, Variant, shader};
use crate::op::{Format, Op};

const WORKGROUP: u32 = 64;
/// Chains of one invocation are vectors of so many elements.
const COMPONENTS: u64 = 4;
/// Steps of a chain in one round of the shader's loop.
const STEPS: u64 = 8;
/// Invocations this far apart have the same inputs.
const PERIOD: usize = 256;

pub static KERNEL: Kernel = Kernel {
    name: "fma",
    formats: &[Format::F32, Format::F16],
    variants: &[
        variant("chains-4", &[("CHAINS", 4.0)], false),
        variant("chains-8", &[("CHAINS", 8.0)], false),
        variant("f16-chains-4", &[("CHAINS", 4.0)], true),
        variant("f16-chains-8", &[("CHAINS", 8.0)], true),
        variant("f16-naive", &[("CHAINS", 1.0)], true),
        variant("naive", &[("CHAINS", 1.0)], false),
    ],
    preludes,
    cases,
    odd_shapes: || [Format::F32, Format::F16].map(|format| Op::Fma { flops: 3 * QUANTUM, format }).to_vec(),
    problem,
    streams: false,
};

/// FLOP that every variant divides into whole rounds: one round of eight chains in the fewest invocations.
const QUANTUM: u64 = 2 * COMPONENTS * STEPS * 8 * invocations(0);

const fn variant(name: &'static str, constants: &'static [(&'static str, f64)], f16: bool) -> Variant {
    Variant {
        name,
        sources: &[shader!("fma")],
        constants,
        supports: if f16 { in_halves } else { in_floats },
        needs: Needs { invocations: WORKGROUP, f16, ..Needs::NONE },
    }
}

fn in_floats(op: &Op) -> bool {
    matches!(op, Op::Fma { flops, format: Format::F32 } if divides(*flops))
}

fn in_halves(op: &Op) -> bool {
    matches!(op, Op::Fma { flops, format: Format::F16 } if divides(*flops))
}

fn divides(flops: u64) -> bool {
    flops.is_multiple_of(QUANTUM / invocations(0) * invocations(flops))
}

/// Enough to fill the largest GPU, and no more than a CPU is done with in some milliseconds.
const fn invocations(flops: u64) -> u64 {
    if flops < 1 << 34 { 1 << 12 } else { 1 << 19 }
}

fn preludes(_: &Variant, format: Format) -> Vec<Source> {
    vec![if format == Format::F16 { shader!("peak_f16") } else { shader!("peak_f32") }]
}

/// Some milliseconds each. CPUs have no arithmetic in halves: their drivers convert for each step.
fn cases(offered: &Capabilities, _: Suite) -> Vec<Op> {
    let [f32, f16] = if offered.software { [1 << 30, 1 << 26] } else { [1 << 37, 1 << 37] };
    vec![Op::Fma { flops: f32, format: Format::F32 }, Op::Fma { flops: f16, format: Format::F16 }]
}

/// A chain `x ← x·a + b`: start of each component, factor and addend.
struct Line {
    starts: [f32; COMPONENTS as usize],
    factor: f32,
    addend: f32,
}

impl Line {
    /// In f32 the factor is so close to one that the result still depends on the start, and so on the number of steps;
    /// in f16 every step would round that away, and the factor is small enough for errors to die out.
    fn random(format: Format, steps: f64, random: &mut Random) -> Self {
        let mut between = |least: f64, most: f64| {
            let value = least + (most - least) * random.below(1 << 16) as f64 / 65_536.0;
            if format == Format::F16 { f16::from_f64(value).to_f32() } else { value as f32 }
        };
        let starts = [(); COMPONENTS as usize].map(|()| between(1.0, 2.0));
        match format {
            Format::F16 => Self { starts, factor: between(0.25, 0.5), addend: between(0.5, 1.0) },
            _ => Self {
                starts,
                factor: between(1.0 - 1.0 / steps, 1.0 - 0.5 / steps),
                addend: between(0.5 / steps, 1.0 / steps),
            },
        }
    }

    /// The sum of so many chains after so many steps: `a^n·x + (1 − a^n)/(1 − a)·b`, summed over x, x + 1, …
    fn sum(&self, component: usize, chains: f64, steps: f64) -> f64 {
        let (factor, addend) = (f64::from(self.factor), f64::from(self.addend));
        let start = self.starts.get(component).map_or(f64::NAN, |start| f64::from(*start));
        let left = factor.powf(steps);
        let starts = chains * start + chains * (chains - 1.0) / 2.0;
        left * starts + (1.0 - left) / (1.0 - factor) * chains * addend
    }

    fn words(&self) -> Vec<f32> {
        self.starts.iter().copied().chain([self.factor, self.addend, 0.0, 0.0]).collect()
    }
}

fn problem(op: &Op, variant: &Variant, _: &Capabilities, seed: u64) -> Option<Problem> {
    let Op::Fma { flops, format } = *op else { return None };
    let chains = variant.constant("CHAINS")?;
    let invocations = invocations(flops);
    let rounds = flops / (2 * COMPONENTS * STEPS * chains as u64 * invocations);
    let steps = (rounds * STEPS) as f64;
    let mut random = Random::new(seed, 0);
    let lines: Vec<Line> = (0..PERIOD).map(|_| Line::random(format, steps, &mut random)).collect();
    let words: Vec<f32> = lines.iter().flat_map(Line::words).collect();
    let workgroups = grid(invocations / u64::from(WORKGROUP));
    // A step may round product and sum, each by half a unit in the last place, always in the same direction. In f16,
    // with factors up to a half, only about the last two steps' errors live on.
    let error = if format == Format::F16 { 2.0 * 2f64.powi(-10) } else { steps * 2f64.powi(-23) };
    Some(Problem {
        params: vec![rounds as u32, workgroups[0]],
        buffers: vec![BufferInit::input(&words), BufferInit::Output(4 * COMPONENTS * invocations)],
        stages: vec![Stage { constants: variant.constants.to_vec(), ..stage(2, workgroups) }],
        chain: 1,
        output: 1,
        element: Element::F32,
        reference: Box::new(move |indices| {
            let value = |index: usize| {
                let components = COMPONENTS as usize;
                let line = lines.get(index / components % PERIOD)?;
                Some(line.sum(index % components, chains, steps))
            };
            indices.iter().map(|index| value(*index).unwrap_or(f64::NAN)).collect()
        }),
        nmse_max: error * error,
        distribution: "uniform; factors below 1",
    })
}
