//! What the benches on a device share: the adapter, and cases whose result was checked before they are timed.

pub mod dram;

use std::time::{Duration, Instant};

use mtok::gpu::adapters;
use mtok::gpu::clock::Clock;
use mtok::gpu::device::Gpu;
use mtok::gpu::program::Program;
use mtok::kernel::problem::Problem;
use mtok::kernel::{Kernel, Variant, verify};
use mtok::op::Op;

const SEED: u64 = 42;
/// Some drivers kill what runs for two seconds.
const SUBMISSION_MAX_S: f64 = 0.25;
/// Device time of one turn.
pub const TURN: Duration = Duration::from_millis(100);
/// Readings that the device's clock may owe in a row.
const TRIES: usize = 10;

/// Opens the first adapter; `None` with a message where there is none. Cases keep it for the whole process.
pub fn open() -> Option<&'static Gpu> {
    let listing = adapters::list(false);
    let Some(adapter) = listing.adapters.first() else {
        println!("skipped: no adapter (asked {:?})", listing.asked);
        return None;
    };
    let gpu = Gpu::open(adapter).expect("the device opens");
    let clock =
        if gpu.clock.usable { "device clock".into() } else { format!("wall clock: {}", gpu.clock.reason) };
    println!("{} ({clock})", adapter.facts.line());
    Some(Box::leak(Box::new(gpu)))
}

/// A program that gave the right result.
pub struct Case {
    /// The variant that runs.
    pub variant: &'static str,
    op: Op,
    problem: Problem,
    program: Program<'static>,
    clock: &'static Clock,
    executions_max: u32,
}

impl Case {
    /// The case in the variant that suits the adapter.
    pub fn new(gpu: &'static Gpu, kernel: &'static Kernel, op: Op) -> Self {
        let variant = kernel.choose(&op, &gpu.capabilities).expect("the adapter runs its own cases");
        Self::of_variant(gpu, kernel, op, variant)
    }

    /// The case in one variant.
    pub fn of_variant(gpu: &'static Gpu, kernel: &Kernel, op: Op, variant: &'static Variant) -> Self {
        Self::of(gpu, kernel, op, variant, false)
    }

    /// The case in one variant, its inputs from memory where `cold`.
    pub fn of(gpu: &'static Gpu, kernel: &Kernel, op: Op, variant: &'static Variant, cold: bool) -> Self {
        let problem =
            (kernel.problem)(&op, variant, &gpu.capabilities, SEED).expect("a kernel builds its own cases");
        let sets = if cold { beyond_caches(gpu, op) } else { 1 };
        let program = Program::new(gpu, &kernel.texts(variant, op.format()), &problem, sets)
            .expect("the program is built");
        let mut case =
            Self { variant: variant.name, op, problem, program, clock: &gpu.clock, executions_max: 1 };
        // The first execution compiles and is no measure of the second.
        case.once(1);
        case.verify();
        // Executions of this one count on: each sample starts at zero.
        if !matches!(op, Op::Dispatch { .. }) {
            case.executions_max = (SUBMISSION_MAX_S / case.once(1)).clamp(1.0, 10_000.0) as u32;
        }
        case
    }

    /// Checks what the last sample wrote.
    ///
    /// # Panics
    /// With the reason, where it is wrong.
    pub fn verify(&self) {
        let output = self.program.output().expect("the output is read");
        if let Err((reason, _)) = verify::check(&self.problem, &output, SEED) {
            panic!("{} {}: {reason}", self.op, self.variant);
        }
    }

    /// Seconds of one submission of so many executions, by the device's clock where that is usable.
    fn once(&self, executions: u32) -> f64 {
        for _ in 0..TRIES {
            let sample = self.program.sample(executions).expect("the device lives");
            if !self.clock.usable {
                return sample.wall_s;
            }
            if let Some(seconds) = self.clock.seconds(&sample) {
                return seconds;
            }
        }
        panic!("{} {}: the device's clock gave no reading in {TRIES} samples", self.op, self.variant);
    }

    /// Seconds of so many executions, in as few submissions as drivers tolerate.
    pub fn seconds(&self, executions: u64) -> f64 {
        let whole = executions / u64::from(self.executions_max);
        let rest = (executions % u64::from(self.executions_max)) as u32;
        let submissions = (0..whole).map(|_| self.executions_max).chain((rest > 0).then_some(rest));
        submissions.map(|executions| self.once(executions)).sum()
    }

    /// Executions that take about this long, after running for as long: caches and clocks have settled then.
    pub fn warm_up(&self, time: Duration) -> u64 {
        let start = Instant::now();
        let mut once = self.once(1);
        while start.elapsed() < time {
            once = self.once(1);
        }
        (time.as_secs_f64() / once).ceil().max(1.0) as u64
    }
}

/// Sets of inputs that no cache holds together.
fn beyond_caches(gpu: &Gpu, op: Op) -> usize {
    (gpu.capabilities.beyond_caches() / op.bytes().0).ceil().clamp(1.0, 64.0) as usize
}

/// Cases that took turns.
pub struct Turns {
    /// Seconds per execution, by case and turn.
    pub seconds: Vec<Vec<f64>>,
}

impl Turns {
    /// Warms every case up, then lets them take turns.
    pub fn of(cases: &[Case], turns: usize) -> Self {
        let executions: Vec<u64> = cases.iter().map(|case| case.warm_up(TURN)).collect();
        let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
        for turn in 0..turns {
            let mut order: Vec<_> = cases.iter().zip(&executions).zip(&mut seconds).collect();
            // Whoever goes first in one turn goes last in the next.
            if turn % 2 == 1 {
                order.reverse();
            }
            for ((case, executions), seconds) in order {
                seconds.push(case.seconds(*executions) / *executions as f64);
            }
        }
        Self { seconds }
    }
}
