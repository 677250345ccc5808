//! From the times of passes to what a request and a device see.

use serde::Serialize;

use super::basis::{Basis, Pass, Term, total};
use super::passes::Passes;
use super::step::{Bound, Step};
use super::workload::Workload;
use crate::units::{Interval, Joules, Seconds, TokensPerSecond};

/// Durations and rates with their intervals. A step is that of the whole batch at its mean context.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// One decode step while nothing is prefilled.
    pub step_s: Interval<Seconds>,
    /// Prefill per input token, those that the prefix cache holds included; short prompts of the batch packed together.
    pub prefill_s_per_token: Interval<Seconds>,
    /// Time to first token of one request on an idle device.
    pub ttft_s: Interval<Seconds>,
    /// Mean time between the output tokens of a request while the others of the batch come and go: their prompts ride
    /// along in its steps. Without the time to first token.
    pub tpot_s: Interval<Seconds>,
    /// Input tokens per second while only prefilling.
    pub prefill_tokens_per_s: Interval<TokensPerSecond>,
    /// Output tokens per second of the whole batch while only decoding.
    pub decode_tokens_per_s: Interval<TokensPerSecond>,
    /// Output tokens per second of the whole batch while it prefills as many requests as it finishes.
    pub output_tokens_per_s: Interval<TokensPerSecond>,
    /// Requests finished per second, likewise.
    pub requests_per_s: Interval<f64>,
    /// Seconds of the device that an input token costs while the device serves whole requests.
    pub input_s_per_token: Interval<Seconds>,
    /// Seconds of the device that an output token costs, likewise: `isl · input + osl · output` is a request.
    pub output_s_per_token: Interval<Seconds>,
    /// What most of a decode step waits for.
    pub bound: Bound,
    /// Energy of one input token while only prefilling; `None` unless the power of every kernel of the step was
    /// measured. Of all devices together.
    pub prefill_joules_per_token: Option<Joules>,
    /// Energy of one output token of one sequence while only decoding, likewise.
    pub decode_joules_per_token: Option<Joules>,
}

/// Factors from estimated times to the ends of their intervals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errors {
    /// Of decode steps, with or without prompts in them.
    pub decode: Interval<f64>,
    /// Of prompts alone.
    pub prefill: Interval<f64>,
}

impl Errors {
    /// The same relative error on both sides of everything.
    pub fn both(error: f64) -> Self {
        let interval = Interval { low: 1.0 - error, mid: 1.0, high: 1.0 + error };
        Self { decode: interval, prefill: interval }
    }
}

/// What published measurements of a serving engine are compared with, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Served {
    /// Between the output tokens of a request.
    pub tpot: f64,
    /// Per output token of the whole batch.
    pub output: f64,
}

/// Both of a workload.
///
/// # Errors
/// Those of [`rates`].
pub(super) fn served(passes: &mut Passes<'_>) -> Result<Served, String> {
    let times = Times::of(passes)?;
    let batch = passes.workload.batch as f64;
    let (round, mixed) = (times.round(batch).seconds(), times.mixed.seconds());
    Ok(Served { tpot: round * batch / times.yielded, output: mixed / times.yielded })
}

/// The times of the three ways in which a device works.
struct Times {
    /// A decode step of the batch.
    decode: Step,
    /// The prefill of one prompt alone.
    first: Step,
    /// The prefill of one prompt, packed with others.
    packed: Step,
    /// A decode step that carries its share of prompts.
    mixed: Step,
    /// What a mixed step takes of the time of its parts apart: at most 1.
    saved: f64,
    /// Output tokens per step.
    yielded: f64,
}

/// The rates of a workload.
///
/// # Errors
/// A sentence naming what was not measured or is not in the datasheet.
pub(super) fn rates(passes: &mut Passes<'_>, errors: Errors) -> Result<Rates, String> {
    let times = Times::of(passes)?;
    let Workload { batch, isl, osl, serving, .. } = passes.workload;
    let (batch, isl, osl, devices) = (batch as f64, isl as f64, osl as f64, serving.tp as f64);
    let round = times.round(batch);
    // What a pass that carries both saves is shared by both.
    let Times { decode, first, packed, mixed, saved, yielded } = times;
    let widened = |step: &Step, factor: f64| step.widened(errors.decode).map(|seconds| seconds * factor);
    let prompt = |step: &Step, factor: f64| step.widened(errors.prefill).map(|seconds| seconds * factor);
    let per_second = |interval: Interval<Seconds>, tokens: f64| {
        interval.invert(|seconds| TokensPerSecond(tokens / seconds.0))
    };
    let step_s = widened(&decode, 1.0);
    let prefill_s_per_token = prompt(&packed, 1.0 / isl);
    let output_tokens_per_s = per_second(widened(&mixed, 1.0), yielded);
    Ok(Rates {
        step_s,
        prefill_s_per_token,
        ttft_s: prompt(&first, 1.0),
        tpot_s: widened(&round, batch / yielded),
        prefill_tokens_per_s: per_second(prefill_s_per_token, 1.0),
        decode_tokens_per_s: per_second(step_s, yielded),
        output_tokens_per_s,
        requests_per_s: output_tokens_per_s.map(|rate| rate.0 / osl),
        input_s_per_token: prompt(&packed, saved / isl),
        output_s_per_token: widened(&decode, saved / yielded),
        bound: decode.bound(),
        prefill_joules_per_token: packed.joules.map(|joules| joules * (devices / isl)),
        decode_joules_per_token: decode.joules.map(|joules| joules * (devices / yielded)),
    })
}

/// How many tokens go through which pass.
#[derive(Clone, Copy)]
struct Amounts {
    sequences: f64,
    /// Prompt tokens that no cache holds.
    new: f64,
    /// Most prompt tokens of a pass.
    chunk: f64,
    /// Drafts per sequence and step.
    drafted: f64,
    /// Tokens that a step checks. All drafts of a sequence are checked in one step, which reads its cache once.
    checked: f64,
    /// Output tokens of a step.
    yielded: f64,
    /// Requests that begin in a step, which are as many as end.
    begun: f64,
    /// Prompts that are packed together.
    together: f64,
    /// Prompt tokens of a step that carries any: prompts come in whole chunks, which some of the steps carry.
    carried: f64,
    /// The share of the steps that carry some.
    carrying: f64,
}

impl Amounts {
    fn of(workload: &Workload) -> Self {
        let Workload { batch, osl, serving, .. } = *workload;
        let (new, chunk) = (workload.new_tokens() as f64, serving.chunk as f64);
        let drafted = serving.drafts.map_or(0, |drafts| drafts.tokens) as f64;
        let sequences = batch as f64;
        let yielded = sequences * serving.drafts.map_or(1.0, |drafts| drafts.yielded);
        let begun = yielded / osl as f64;
        let carried = (begun * new).max(chunk);
        Self {
            sequences,
            new,
            chunk,
            drafted,
            checked: sequences * (drafted + 1.0),
            yielded,
            begun,
            together: (chunk / new).floor().clamp(1.0, sequences),
            carried,
            carrying: begun * new / carried,
        }
    }

    /// Passes of so many prompts together. Equal chunks: their sum is that of full ones and a rest.
    fn cuts(&self, prompts: f64) -> f64 {
        (prompts * self.new / self.chunk).ceil().max(1.0)
    }
}

/// What the times rest on, pass by pass.
///
/// # Errors
/// Those of [`rates`].
pub(super) fn basis(passes: &mut Passes<'_>) -> Result<Basis, String> {
    let times = Times::of(passes)?;
    let amounts = Amounts::of(&passes.workload);
    let Amounts { sequences, new, drafted, checked, yielded, begun, together, carried, carrying, .. } =
        amounts;
    let batch = passes.workload.batch;
    let pass = |what: &str, times: f64, terms: Vec<Term>| {
        let seconds = terms.iter().map(|term| term.seconds).sum();
        Pass { what: what.to_owned(), times, share: 1.0, seconds, terms }
    };
    let attention = pass("attention of a decode step", 1.0, passes.decode_attention_terms(batch)?);
    let mut decode = vec![
        pass("all but attention of a decode step", 1.0, passes.product_terms(checked, checked)?),
        attention,
    ];
    if drafted > 0.0 {
        let terms = passes.product_terms(sequences, sequences)?;
        decode.push(pass("drafts, each by a layer", drafted / passes.model.layers() as f64, terms));
    }
    let cuts = amounts.cuts(together);
    let chunk = passes.product_terms(together * new / cuts, together)?;
    let whole = pass("attention inside a prompt", 1.0, passes.prefill_attention_terms()?);
    let attended = passes.prefill_attention()?.seconds();
    let inside = Pass { share: attended / whole.seconds, seconds: attended, ..whole };
    let prompt = vec![
        pass(&format!("a chunk of {} prompt tokens", together * new / cuts), cuts / together, chunk),
        inside.clone(),
    ];
    let carrier = passes.product_terms(checked + carried, checked + carried / new)?;
    let scaled = |pass: &Pass, factor: f64| Pass { times: pass.times * factor, ..pass.clone() };
    let (first, always) = decode.split_first().ok_or("a step has no passes")?;
    let mut mixed = vec![
        scaled(first, 1.0 - carrying),
        pass("the same with prompt tokens riding along", carrying, carrier),
        scaled(&inside, begun),
    ];
    mixed.extend(always.iter().cloned());
    let mixed_s = total(&mixed);
    Ok(Basis {
        decode: (times.decode.seconds(), decode),
        prompt: (times.packed.seconds(), prompt),
        mixed: (mixed_s, mixed),
        yielded,
        begun,
        saved: times.saved,
    })
}

impl Times {
    fn of(passes: &mut Passes<'_>) -> Result<Self, String> {
        let Workload { batch, .. } = passes.workload;
        let amounts = Amounts::of(&passes.workload);
        let Amounts { sequences, new, drafted, checked, yielded, begun, together, carried, carrying, .. } =
            amounts;
        let attention = passes.decode_attention(batch)?;
        let prompt_attention = passes.prefill_attention()?;

        // What every step does, with or without prompts: attention, and the drafts, each by about a layer of the model.
        let mut always = attention;
        if drafted > 0.0 {
            let one = passes.products(sequences, sequences)?;
            always.plus(&one, drafted / passes.model.layers() as f64);
        }
        let mut decode = passes.products(checked, checked)?;
        decode.plus(&always, 1.0);

        let prefill = |passes: &mut Passes<'_>, prompts: f64| {
            let cuts = amounts.cuts(prompts);
            let mut step = Step::default();
            step.plus(&passes.products(prompts * new / cuts, prompts)?, cuts / prompts);
            step.plus(&prompt_attention, 1.0);
            Ok::<_, String>(step)
        };
        let first = prefill(passes, 1.0)?;
        let packed = if together > 1.0 { prefill(passes, together)? } else { first };

        let mut mixed = Step::default();
        mixed.plus(&decode, 1.0 - carrying);
        mixed.plus(&passes.products(checked + carried, checked + carried / new)?, carrying);
        mixed.plus(&always, carrying);
        mixed.plus(&prompt_attention, begun);
        // An engine need not mix where that is slower.
        let mut apart = decode;
        apart.plus(&packed, begun);
        let mixed = if mixed.seconds() < apart.seconds() { mixed } else { apart };
        let saved = mixed.seconds() / apart.seconds();
        Ok(Self { decode, first, packed, mixed, saved, yielded })
    }

    /// A step as a request sees it: with the prompts of the others, since it waits for its own before its first token.
    fn round(&self, batch: f64) -> Step {
        let mut round = Step::default();
        round.plus(&self.decode, 1.0 / batch);
        round.plus(&self.mixed, (batch - 1.0) / batch);
        round
    }
}
