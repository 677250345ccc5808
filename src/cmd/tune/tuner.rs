//! Tries the variants of a class in worker processes: what crashes, hangs or computes something wrong is out, and the
//! rest goes on.

use std::time::Duration;

use mtok::gpu::sampler::{Cell, Plan};
use mtok::gpu::worker::Order;
use mtok::kernel::Variant;
use mtok::measurement::samples::Sample;
use mtok::measurement::{Cache, Chosen, Outcome};
use mtok::stats::Summary;
use mtok::tuning::{Removed, Trial, Tried, Winner, contenders};

use super::jobs::Job;
use crate::cmd::child::{Program, Worker};
use crate::cmd::measure::side::{self, Target};

/// The first look at every variant, and the second at those that it leaves.
const FIRST: Plan = Plan { time: Duration::from_millis(60), samples_min: 5, noise: 0.02, sampled_s: 0.03 };
const SECOND: Plan = Plan { time: Duration::from_millis(250), samples_min: 10, noise: 0.01, sampled_s: 0.1 };
/// A variant whose execution takes this many times the fastest one's is not sampled.
const HOPELESS: f64 = 3.0;

/// Characters of a reason that are kept.
const REASON_MAX: usize = 200;

/// A device that variants are tried on.
pub struct Tuner<'a> {
    target: Target<'a>,
    program: Program,
    worker: Option<Worker>,
}

/// A variant and the samples of its visits.
struct Candidate {
    variant: &'static Variant,
    samples: Vec<f64>,
    removed: Option<Removed>,
}

impl<'a> Tuner<'a> {
    /// A tuner that starts its worker when it needs one.
    pub fn new(target: Target<'a>, program: Program) -> Self {
        Self { target, program, worker: None }
    }

    /// Decides a class. Every variant is looked at once; those that may still win a second time, in the reverse order,
    /// so that a device that slows down does not decide. Where none was right, it answers why.
    ///
    /// # Errors
    /// The reason where the device does not open any more.
    pub fn decide(&mut self, job: &Job) -> Result<Result<Winner, Vec<Removed>>, String> {
        let candidate = |variant: &&'static Variant| Candidate { variant, samples: vec![], removed: None };
        let mut candidates: Vec<Candidate> = job.variants.iter().map(candidate).collect();
        let mut fastest = f64::INFINITY;
        for candidate in &mut candidates {
            self.visit(job, candidate, FIRST, fastest)?;
            fastest = candidate.median().unwrap_or(f64::INFINITY).min(fastest);
        }
        let again = contenders(&trials(&candidates));
        if again.len() > 1 {
            for index in again.into_iter().rev() {
                if let Some(candidate) = candidates.get_mut(index) {
                    self.visit(job, candidate, SECOND, f64::INFINITY)?;
                }
            }
        }
        let winner = Winner::of(job.class.clone(), job.op.shape(), job.sources.clone(), &trials(&candidates));
        let removed = || candidates.iter().filter_map(|candidate| candidate.removed.clone()).collect();
        Ok(winner.ok_or_else(removed))
    }

    fn visit(
        &mut self,
        job: &Job,
        candidate: &mut Candidate,
        plan: Plan,
        fastest: f64,
    ) -> Result<(), String> {
        let order = order(job, candidate.variant, plan, self.target.seed, fastest);
        match self.worker()?.measure(&order) {
            Ok(ended) => {
                if ended.gone {
                    self.worker = None;
                }
                let mut cell = Cell { measurement: ended.measurement, samples: ended.samples };
                self.target.check(&mut cell);
                candidate.note(&cell.measurement.outcome, &cell.samples);
            }
            Err(reason) => {
                self.worker = None;
                candidate.remove("failed", &reason);
            }
        }
        Ok(())
    }

    /// A worker that has the device open.
    fn worker(&mut self) -> Result<&mut Worker, String> {
        let mut reason = String::new();
        for _ in 0..side::DEVICE_LOST_AFTER {
            if self.worker.is_some() {
                break;
            }
            match side::start(&self.program, self.target) {
                Ok((worker, _)) => self.worker = Some(worker),
                Err(why) => reason = why,
            }
        }
        self.worker.as_mut().ok_or(reason)
    }
}

fn order(job: &Job, variant: &Variant, plan: Plan, seed: u64, fastest: f64) -> Order {
    Order {
        kernel: job.kernel.name.to_owned(),
        format: job.op.format().name().to_owned(),
        shape: job.op.shape(),
        variant: Some(variant.name.to_owned()),
        chosen: Chosen::Named,
        cache: Cache::Hot,
        run: 0,
        seed,
        plan,
        execution_max_s: Some(HOPELESS * fastest).filter(|seconds| seconds.is_finite()),
    }
}

impl Candidate {
    fn note(&mut self, outcome: &Outcome, samples: &[Sample]) {
        match outcome {
            Outcome::Ok(..) => {
                self.samples.extend(samples.iter().map(|sample| sample.device_s.unwrap_or(sample.wall_s)));
            }
            _ => self.remove(outcome.status(), outcome.reason()),
        }
    }

    fn remove(&mut self, status: &str, reason: &str) {
        let reason = mtok::text::inert(reason).chars().take(REASON_MAX).collect();
        let variant = self.variant.name.to_owned();
        self.removed = Some(Removed { variant, status: status.to_owned(), reason });
    }

    fn median(&self) -> Option<f64> {
        Summary::of(&self.samples).map(|seconds| seconds.median)
    }
}

/// What was wrong once is out, however fast it was before.
fn trials(candidates: &[Candidate]) -> Vec<Trial> {
    let trial = |candidate: &Candidate| {
        let result = match (&candidate.removed, Summary::of(&candidate.samples)) {
            (None, Some(seconds)) => Tried::Verified(seconds),
            (Some(removed), _) => Tried::Out(removed.clone()),
            (None, None) => return None,
        };
        Some(Trial { variant: candidate.variant.name.to_owned(), result })
    };
    candidates.iter().filter_map(trial).collect()
}
