//! Faults on purpose, in builds with the feature `faults` only: `MTOK_FAULT="<kernel>=<fault>,…"` makes kernels
//! misbehave in the worker process, `<kernel>/<variant>=<fault>` one variant only. `MTOK_FAULT=noop` offers an adapter
//! that does nothing and says it did; `no-timestamps`, `no-subgroups` and `no-f16` take a feature from all adapters.
#![allow(clippy::panic, reason = "a panic is one of the faults")]

use std::time::Duration;

use super::device::Gpu;
use super::sampler::Visit;

const VARIABLE: &str = "MTOK_FAULT";

/// What is wrong with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Every tenth execution is done twice: 10 % slower.
    Slow,
    /// Never ends.
    Loop,
    /// Writes nothing.
    Stale,
    /// Ends the process by a signal.
    Crash,
    /// Panics.
    Panic,
    /// The device is lost after so many milliseconds.
    Lost(u64),
}

/// Whether the lying adapter was asked for.
pub(super) fn noop() -> bool {
    words().any(|word| word == "noop")
}

/// What an adapter offers beyond what was taken from it.
pub(super) fn left_of(mut features: wgpu::Features) -> wgpu::Features {
    for word in words() {
        features.remove(match word.as_str() {
            "no-timestamps" => wgpu::Features::TIMESTAMP_QUERY,
            "no-subgroups" => wgpu::Features::SUBGROUP,
            "no-f16" => wgpu::Features::SHADER_F16,
            _ => wgpu::Features::empty(),
        });
    }
    features
}

/// What happens before the first sample.
pub(super) fn strike(visit: &Visit<'_>, gpu: &Gpu) {
    match of(visit) {
        Some(Fault::Crash) => std::process::abort(),
        Some(Fault::Panic) => panic!("on purpose"),
        Some(Fault::Lost(after_ms)) => {
            let device = gpu.device.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(after_ms));
                device.destroy();
            });
        }
        Some(Fault::Slow | Fault::Loop | Fault::Stale) | None => {}
    }
}

/// The sources that really run.
pub(super) fn texts(visit: &Visit<'_>, texts: Vec<String>) -> Vec<String> {
    let (global, first) = match of(visit) {
        Some(Fault::Loop) => ("var<workgroup> spin: atomic<u32>;", endless()),
        Some(Fault::Stale) => ("", "if true { return; }".to_owned()),
        _ => return texts,
    };
    texts.into_iter().map(|text| at_the_start_of_main(&text, &first) + global).collect()
}

/// A loop without an effect would be left out; this one counts in steps of two and waits for a one. llvmpipe ends a
/// kernel's loops after 65,535 rounds per workgroup, so that each round has to be long: minutes for 20 workgroups.
fn endless() -> String {
    let step = "atomicAdd(&spin, 2u);";
    format!(
        "atomicStore(&spin, 0u); loop {{ {} if atomicAdd(&spin, 2u) == 1u {{ break; }} }}",
        step.repeat(255)
    )
}

/// Executions that a tenth can be taken of, where the kernel is to be slow by that.
pub(super) fn planned(visit: &Visit<'_>, executions: u32) -> u32 {
    if of(visit) == Some(Fault::Slow) { executions.next_multiple_of(10) } else { executions }
}

/// How often the op really runs where so many executions are asked for.
pub(super) fn executions(visit: &Visit<'_>, executions: u32) -> u32 {
    if of(visit) == Some(Fault::Slow) { executions + executions / 10 } else { executions }
}

fn at_the_start_of_main(text: &str, first: &str) -> String {
    let (head, main) = text.split_at(text.find("fn main(").unwrap_or(0));
    let (arguments, body) = main.split_at(main.find(") {").map_or(0, |end| end + 3));
    format!("{head}{arguments} {first} {body}")
}

fn of(visit: &Visit<'_>) -> Option<Fault> {
    words().find_map(|word| {
        let (kernel, fault) = word.split_once('=')?;
        let (kernel, variant) = kernel.split_once('/').map_or((kernel, None), |(it, of)| (it, Some(of)));
        let meant = variant.is_none() || variant == visit.variant.map(|variant| variant.name);
        (kernel == visit.kernel.name && meant).then(|| parse(fault)).flatten()
    })
}

fn words() -> impl Iterator<Item = String> {
    let all = std::env::var(VARIABLE).unwrap_or_default();
    all.split(',').map(str::to_owned).collect::<Vec<_>>().into_iter()
}

fn parse(fault: &str) -> Option<Fault> {
    match fault.split_once(':') {
        Some(("lost", after_ms)) => after_ms.parse().ok().map(Fault::Lost),
        Some(_) => None,
        None => match fault {
            "slow" => Some(Fault::Slow),
            "loop" => Some(Fault::Loop),
            "stale" => Some(Fault::Stale),
            "crash" => Some(Fault::Crash),
            "panic" => Some(Fault::Panic),
            _ => None,
        },
    }
}
