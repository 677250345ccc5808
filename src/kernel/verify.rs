//! Compares the buffer that a timed run wrote with the reference.

use half::f16;

use super::data::Random;
use super::problem::{Element, Problem};
use crate::measurement::Verification;

/// Word written over the output before each sample: a quiet NaN as f32. What is left of it was not computed.
pub const POISON: u32 = 0x7fc0_dead;

/// Outputs up to this size are compared whole.
const WHOLE: usize = 16_384;
/// From larger ones, this many elements are drawn at random, beside both ends.
const DRAWN: usize = 4_096;
const ENDS: usize = 64;

/// What is compared with what.
pub(super) struct Comparison<'a> {
    /// The buffer.
    pub words: &'a [u32],
    /// How to read it.
    pub element: Element,
    /// Elements that count.
    pub len: usize,
    /// Where the element of a number lies in the buffer.
    pub place: &'a dyn Fn(usize) -> usize,
    /// The exact values of elements.
    pub expected: &'a dyn Fn(&[usize]) -> Vec<f64>,
    /// The largest accepted error.
    pub nmse_max: f64,
}

/// Compares an output.
///
/// # Errors
/// The sentence for the `reason` column and the comparison behind it.
pub fn check(problem: &Problem, words: &[u32], seed: u64) -> Result<Verification, (String, Verification)> {
    let Problem { element, nmse_max, .. } = *problem;
    let (len, place, expected) = (problem.output_len(), &|index| index, &problem.reference);
    compare(&Comparison { words, element, len, place, expected, nmse_max }, seed)
}

/// Compares a draw of elements.
pub(super) fn compare(of: &Comparison<'_>, seed: u64) -> Result<Verification, (String, Verification)> {
    let indices = chosen(of.len, seed);
    let expected = (of.expected)(&indices);
    let (mut error, mut power) = (0.0, 0.0);
    let mut worst = (0.0, 0, 0.0, 0.0);
    for (index, expected) in indices.iter().zip(&expected) {
        let actual = element(of.words, (of.place)(*index), of.element);
        let difference = (actual - expected).abs();
        // A NaN compares false with everything: it must not slip through as "not larger".
        if difference.is_nan() || difference > worst.0 {
            worst = (difference, *index, actual, *expected);
        }
        if of.element.is_exact(*index) {
            // The number of something else is not nearly right.
            error += if difference == 0.0 { 0.0 } else { f64::INFINITY };
        } else {
            error += difference * difference;
            power += expected * expected;
        }
    }
    let nmse = if error == 0.0 { 0.0 } else { error / power };
    let verification = Verification { nmse, nmse_max: of.nmse_max, compared: indices.len() as u64 };
    let untouched = of.words.iter().filter(|word| **word == POISON).count();
    let (_, index, actual, wanted) = worst;
    if expected.len() != indices.len() || of.words.len() * 4 < of.len * of.element.size() {
        Err(("the output is shorter than expected".into(), verification))
    } else if untouched > 0 {
        Err((format!("{untouched} of {} output words were never written", of.words.len()), verification))
    } else if nmse.is_nan() || nmse > of.nmse_max {
        let what = format!(
            "error {nmse:.2e} > {:.2e} (NMSE); worst at element {index}: {actual:.6e}, not {wanted:.6e}",
            of.nmse_max
        );
        Err((what, verification))
    } else {
        Ok(verification)
    }
}

/// All elements of a small output; both ends and a random draw of a large one.
fn chosen(len: usize, seed: u64) -> Vec<usize> {
    if len <= WHOLE {
        return (0..len).collect();
    }
    let mut random = Random::new(seed, u64::MAX);
    let mut indices: Vec<usize> = (0..ENDS).chain(len - ENDS..len).collect();
    indices.extend((0..DRAWN).map(|_| random.below(len)));
    indices.sort_unstable();
    indices.dedup();
    indices
}

fn element(words: &[u32], index: usize, element: Element) -> f64 {
    let word = |at: usize| words.get(at).copied().unwrap_or(POISON);
    match element {
        Element::F32 => f64::from(f32::from_bits(word(index))),
        Element::F16 => f64::from(f16::from_bits((word(index / 2) >> (16 * (index % 2))) as u16)),
        Element::Word => f64::from(word(index)),
        Element::Choice if element.is_exact(index) => f64::from(word(index)),
        Element::Choice => f64::from(f32::from_bits(word(index))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::problem::{BufferInit, nmse_max_f32};

    fn ramp(len: usize) -> Problem {
        Problem {
            params: vec![],
            buffers: vec![BufferInit::Output(4 * len as u64)],
            stages: vec![],
            chain: 1,
            output: 0,
            element: Element::F32,
            reference: Box::new(|indices| indices.iter().map(|index| *index as f64 + 1.0).collect()),
            nmse_max: nmse_max_f32(1),
            distribution: "",
        }
    }

    fn words(len: usize) -> Vec<u32> {
        (0..len).map(|index| (index as f32 + 1.0).to_bits()).collect()
    }

    fn reason(words: &[u32], len: usize) -> String {
        check(&ramp(len), words, 1).map_or_else(|(reason, _)| reason, |_| "right".into())
    }

    #[test]
    fn a_right_result_passes_and_is_counted() {
        assert_eq!(check(&ramp(100), &words(100), 1).map(|v| v.compared), Ok(100));
        let large = check(&ramp(1_000_000), &words(1_000_000), 1).map(|v| v.compared).unwrap_or_default();
        assert!((4_100..=4_224).contains(&large), "{large}");
    }

    #[test]
    fn a_neighbour_of_what_should_be_chosen_is_wrong() {
        let reference = |indices: &[usize]| indices.iter().map(|index| [90_000.0, 0.25][index % 2]).collect();
        let problem = Problem { element: Element::Choice, reference: Box::new(reference), ..ramp(2) };
        let said =
            |number: u32, share: f32| check(&problem, &[number, share.to_bits()], 1).map_err(|it| it.0);
        assert!(said(90_000, 0.25).is_ok());
        assert!(said(90_001, 0.25).is_err_and(|reason| reason.starts_with("error inf")));
        assert!(said(90_000, 0.2501).is_err());
    }

    #[test]
    fn every_way_of_being_wrong_is_named() {
        let good = words(1_000);
        let mut unwritten = good.clone();
        unwritten[999] = POISON;
        assert_eq!(reason(&unwritten, 1_000), "1 of 1000 output words were never written");
        let mut shifted = good.clone();
        shifted.rotate_left(1);
        assert!(reason(&shifted, 1_000).starts_with("error "));
        assert!(reason(&vec![0; 1_000], 1_000).contains("worst at element 999: 0.000000e0, not 1.000000e3"));
        let mut infinite = good.clone();
        infinite[7] = f32::INFINITY.to_bits();
        assert!(reason(&infinite, 1_000).contains("worst at element 7: inf"));
        let mut not_a_number = good.clone();
        not_a_number[7] = f32::NAN.to_bits();
        assert!(reason(&not_a_number, 1_000).starts_with("error NaN"));
        assert_eq!(reason(&good[..999], 1_000), "the output is shorter than expected");
    }
}
