use proptest::prelude::*;

use super::*;
use crate::stats::random::Random;
use crate::stats::synthetic::normal;

#[derive(Clone, Copy, Debug)]
enum Noise {
    Gaussian,
    /// Skewed to the right; the logarithm has a deviation of 0.25 to 0.75.
    Lognormal,
}

fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    low + (high - low) * random.unit()
}

fn either(random: &mut Random, one: f64, other: f64) -> f64 {
    if random.below(2) == 0 { one } else { other }
}

/// Noise of mean 0 and deviation 1.
fn noise(random: &mut Random, noise: Noise, shape: f64) -> f64 {
    let square = (shape * shape).exp();
    match (noise, normal(random)) {
        (Noise::Gaussian, z) => z,
        (Noise::Lognormal, z) => ((shape * z).exp() - square.sqrt()) / (square * (square - 1.0)).sqrt(),
    }
}

fn shuffle(random: &mut Random, values: &mut [f64]) {
    (1..values.len()).rev().for_each(|place| values.swap(place, random.below(place + 1)));
}

/// Times without noise that show `sign`.
fn bad(random: &mut Random, sign: Sign, count: usize) -> Vec<f64> {
    let mut times = vec![1.0; count];
    let change = either(random, 0.05, -0.05);
    match sign {
        Sign::SlowFirst => times[0] = between(random, 1.1, 2.0),
        Sign::Drift => (0..count).for_each(|at| times[at] += change * at as f64 / (count - 1) as f64),
        Sign::Step => {
            let at = between(random, 0.2, 0.8) * count as f64;
            times[at.round() as usize..].iter_mut().for_each(|time| *time += change);
        }
        Sign::Bimodal => {
            let minority = between(random, 0.2, 0.5) * count as f64;
            let factor = 1.0 + between(random, 0.05, 0.25);
            let (minor, major) = if random.below(2) == 0 { (1.0, factor) } else { (factor, 1.0) };
            times.fill(major);
            times[..minority.ceil() as usize].fill(minor);
            shuffle(random, &mut times);
        }
        Sign::Spikes => {
            let spikes = (between(random, 0.01, 0.05) * count as f64).round().max(1.0) as usize;
            times[..spikes].iter_mut().for_each(|time| *time = between(random, 1.2, 2.0));
            shuffle(random, &mut times);
        }
    }
    times
}

/// Milliseconds with noise, and the sign to find. A single spike at the first sample is a slow first sample.
fn series(
    random: &mut Random,
    sign: Option<Sign>,
    kind: Noise,
    deviation: f64,
    count: usize,
) -> (Vec<f64>, Option<Sign>) {
    let shape = between(random, 0.25, 0.75);
    let mut times = sign.map_or(vec![1.0; count], |sign| bad(random, sign, count));
    let lone_first = times[0] > 1.0 && times[1..].iter().all(|time| *time == 1.0);
    let sign = sign.map(|sign| if sign == Sign::Spikes && lone_first { Sign::SlowFirst } else { sign });
    times.iter_mut().for_each(|time| *time *= 1e-3 * (1.0 + deviation * noise(random, kind, shape)));
    (times, sign)
}

/// Of `count` series: with the right sign (none for clean ones), with no other sign, and with each sign.
#[derive(Debug, Default)]
struct Tally {
    right: u32,
    exact: u32,
    each: [u32; 5],
}

fn tally(seed: u64, sign: Option<Sign>, kind: Noise, count: u32, corner: Option<(f64, usize)>) -> Tally {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    for _ in 0..count {
        let drawn = (between(&mut random, 0.001, 0.01), 20 + random.below(181));
        let (deviation, samples) = corner.unwrap_or(drawn);
        let (times, sign) = series(&mut random, sign, kind, deviation, samples);
        let found = signs(&times);
        let exact = found.as_slice() == sign.as_slice();
        tally.right += u32::from(sign.map_or(exact, |sign| found.contains(&sign)));
        tally.exact += u32::from(exact);
        let each = tally.each.iter_mut().zip(Sign::ALL);
        each.for_each(|(count, sign)| *count += u32::from(found.contains(sign)));
    }
    tally
}

fn kinds() -> impl Iterator<Item = (Option<Sign>, Noise)> {
    let signs = std::iter::once(None).chain(Sign::ALL.iter().copied().map(Some));
    signs.flat_map(|sign| [Noise::Gaussian, Noise::Lognormal].map(|kind| (sign, kind)))
}

/// At least 99 % right of each kind, clean ones included, and 95 % with no sign beside the right one.
fn assert_found(seed: u64, count: u32) {
    for (sign, kind) in kinds() {
        let tally = tally(seed, sign, kind, count, None);
        println!("seed {seed} {sign:?} {kind:?}: {tally:?}");
        assert!(tally.right * 100 >= count * 99, "{sign:?} {kind:?}: {tally:?} of {count}");
        assert!(tally.exact * 100 >= count * 95, "{sign:?} {kind:?}: {tally:?} of {count}");
    }
}

#[test]
fn signs_are_found_and_clean_series_have_none() {
    assert_found(8_675_309, 400);
}

#[test]
#[ignore = "240,000 series; prints the table of METHODOLOGY.md"]
fn signs_are_found_in_ten_thousand_series_of_each_kind() {
    assert_found(97_531_246, 10_000);
    assert_found(24_681_357, 10_000);
}

#[test]
#[ignore = "prints where the promise is weakest"]
fn corners() {
    for (deviation, samples) in
        [(0.01, 20), (0.01, 30), (0.01, 200), (0.03, 20), (0.03, 200), (0.1, 50), (0.1, 200)]
    {
        for (sign, kind) in kinds().filter(|(sign, _)| deviation <= 0.01 || sign.is_none()) {
            let tally = tally(42, sign, kind, 10_000, Some((deviation, samples)));
            println!("noise {deviation} n {samples} {sign:?} {kind:?}: {tally:?}");
        }
    }
}

#[test]
#[ignore = "for development: a seed that no other test uses"]
fn develop() {
    assert_found(1, 10_000);
}

/// Samples that go up and down by 0.1 %.
fn quiet(count: usize) -> Vec<f64> {
    (0..count).map(|place| if place * 7 % 5 < 2 { 1.0 } else { 1.001 }).collect()
}

fn found_in(change: impl Fn(&mut [f64]), count: usize) -> String {
    let mut times = quiet(count);
    change(&mut times);
    signs(&times).iter().map(|sign| sign.name()).collect::<Vec<_>>().join(" ")
}

#[test]
fn signs_come_together_in_their_order() {
    assert_eq!(found_in(|_| (), 40), "");
    assert_eq!(found_in(|times| times[0] = 1.2, 40), "slow-first");
    assert_eq!(found_in(|times| times[0] = 0.8, 40), "");
    assert_eq!(found_in(|times| (times[0], times[20]) = (1.5, 1.3), 40), "slow-first spikes");
    assert_eq!(found_in(|times| times[25..].iter_mut().for_each(|time| *time *= 1.05), 40), "step");
    assert_eq!(found_in(|times| times[..25].iter_mut().for_each(|time| *time *= 1.05), 40), "step");
    assert_eq!(found_in(|times| times.iter_mut().step_by(3).for_each(|time| *time *= 1.05), 40), "bimodal");
    let drift =
        |times: &mut [f64]| (0u32..).zip(times).for_each(|(at, time)| *time *= 1.0 + 0.001 * f64::from(at));
    assert_eq!(found_in(drift, 40), "drift");
    let all = |times: &mut [f64]| {
        times[15..].iter_mut().for_each(|time| *time *= 1.08);
        times.iter_mut().step_by(2).for_each(|time| *time *= 1.05);
        (times[0], times[5], times[30]) = (3.0, 2.0, 2.0);
    };
    assert_eq!(found_in(all, 60), "slow-first step bimodal spikes");
}

#[test]
fn slow_samples_are_spikes_while_few_and_large() {
    let slow = |count: usize, factor: f64| found_in(|times| times[3..3 + count].fill(factor), 40);
    assert_eq!(slow(1, 1.13), "");
    assert_eq!(slow(1, 1.15), "spikes");
    assert_eq!(slow(4, 1.3), "spikes");
    let scattered = |count: usize| {
        found_in(|times| times.iter_mut().skip(1).step_by(4).take(count).for_each(|time| *time = 1.3), 40)
    };
    assert_eq!(scattered(4), "spikes");
    assert_eq!(scattered(8), "bimodal");
}

#[test]
fn small_changes_are_no_signs() {
    let level = |factor: f64| found_in(|times| times[20..].iter_mut().for_each(|time| *time *= factor), 40);
    assert_eq!((level(1.015), level(0.985)), (String::new(), String::new()));
    assert_eq!((level(1.03), level(0.97)), ("step".into(), "step".into()));
    let drift = |share: f64| {
        found_in(
            |times| (0u32..).zip(times).for_each(|(at, time)| *time *= 1.0 + share / 39.0 * f64::from(at)),
            40,
        )
    };
    assert_eq!((drift(0.017), drift(-0.017)), (String::new(), String::new()));
    assert_eq!((drift(0.025), drift(-0.025)), ("drift".into(), "drift".into()));
}

#[test]
fn series_without_noise_have_their_sign() {
    assert_eq!(signs(&[0.5; 30]), []);
    assert_eq!(signs(&[&[1.0; 15][..], &[1.1; 15]].concat()), [Sign::Step]);
    let line: Vec<f64> = (0..30).map(|place| 1.0 + 0.01 * f64::from(place)).collect();
    assert_eq!(signs(&line), [Sign::Drift]);
    assert_eq!(signs(&[1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1]), [Sign::Bimodal]);
}

#[test]
fn what_cannot_be_answered_is_not() {
    let slow_first = |count: usize| [&[2.0][..], &vec![1.0; count - 1]].concat();
    assert_eq!(signs(&slow_first(10)), [Sign::SlowFirst]);
    assert_eq!(signs(&slow_first(9)), []);
    assert_eq!(signs(&[]), []);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(signs(&[&slow_first(20)[..], &[bad]].concat()), []);
    }
    for level in [0.0, -1.0] {
        assert_eq!(signs(&[&[9.0][..], &[level; 20]].concat()), []);
    }
}

#[test]
fn names_are_those_in_files() {
    let names: Vec<&str> = Sign::ALL.iter().map(|sign| sign.name()).collect();
    assert_eq!(names, ["slow-first", "drift", "step", "bimodal", "spikes"]);
}

proptest! {
    #[test]
    fn any_samples_are_taken(samples in prop::collection::vec(prop::num::f64::ANY, 0..40)) {
        signs(&samples);
    }

    #[test]
    fn the_unit_does_not_matter(seed in 0u64..1_000_000, which in 0usize..6) {
        let sign = Sign::ALL.get(which).copied();
        let times = series(&mut Random::new(seed), sign, Noise::Gaussian, 0.005, 50).0;
        let scaled: Vec<f64> = times.iter().map(|time| time * 1024.0).collect();
        prop_assert_eq!(signs(&times), signs(&scaled));
    }
}
