//! Many tests at once: with 53 rows at 5 %, two or three differ by chance alone.

/// Adjusted p-values in the order given (Holm, "A simple sequentially rejective multiple test procedure", 1979):
/// those at or below a level hold together with that chance of one false alarm at most. A p-value that is not a
/// number stays so and is not counted as a test.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut ranked: Vec<(usize, f64)> = p.iter().copied().enumerate().filter(|(_, p)| !p.is_nan()).collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut adjusted = vec![f64::NAN; p.len()];
    let (mut left, mut least) = (ranked.len(), 0.0f64);
    for (index, p) in ranked {
        least = least.max((left as f64 * p).clamp(0.0, 1.0));
        left -= 1;
        adjusted.get_mut(index).into_iter().for_each(|slot| *slot = least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {expected:?}");
    }

    #[test]
    fn p_values_are_adjusted_in_their_order() {
        assert_close(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        assert_close(&holm(&[0.2]), &[0.2]);
        assert_close(&holm(&[0.4, 0.6, 0.9]), &[1.0, 1.0, 1.0]);
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }

    #[test]
    fn a_missing_p_value_is_no_test() {
        let adjusted = holm(&[0.01, f64::NAN, 0.02]);
        assert_close(&[adjusted[0], adjusted[2]], &[0.02, 0.02]);
        assert!(adjusted[1].is_nan());
    }

    proptest! {
        #[test]
        fn adjusted_lies_between_p_and_bonferroni(p in prop::collection::vec(0.0f64..=1.0, 1..40)) {
            let adjusted = holm(&p);
            for (raw, adjusted) in p.iter().zip(&adjusted) {
                prop_assert!(*adjusted >= *raw && *adjusted <= (raw * p.len() as f64).min(1.0));
            }
            let smallest = p.iter().copied().fold(f64::INFINITY, f64::min);
            let least = adjusted.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert_eq!(least, (smallest * p.len() as f64).min(1.0));
        }

        #[test]
        fn adjusting_keeps_the_order(p in prop::collection::vec(0.0f64..=1.0, 2..40)) {
            let adjusted = holm(&p);
            for i in 1..p.len() {
                prop_assert!((p[i] <= p[i - 1]) == (adjusted[i] <= adjusted[i - 1]) || adjusted[i] == adjusted[i - 1]);
            }
        }
    }
}
