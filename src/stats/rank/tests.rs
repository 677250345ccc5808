use proptest::prelude::*;

use super::*;
use crate::stats::random::Random;
use crate::stats::synthetic::normal;

fn assert_close(found: Option<PValues>, less: f64, greater: f64, within: f64) {
    let found = found.unwrap();
    let two_sided = (2.0 * less.min(greater)).min(1.0);
    let pairs = [(found.less, less), (found.greater, greater), (found.two_sided, two_sided)];
    assert!(pairs.iter().all(|(a, b)| (a - b).abs() <= within), "{found:?} {less} {greater}");
}

/// Values that are all of one sign.
fn ascending(count: u32) -> Vec<f64> {
    (1..=count).map(f64::from).collect()
}

#[test]
fn sign_test_tosses_a_coin() {
    assert_close(sign_test(&[1.0, 2.0, 3.0, -1.0, 0.0]), 15.0 / 16.0, 5.0 / 16.0, 1e-15);
    assert_close(sign_test(&[-1.0; 10]), 1.0 / 1024.0, 1.0, 1e-15);
    // 9 of 10: (1 + 10) / 1024.
    assert_close(sign_test(&[&[1.0; 9][..], &[-5.0]].concat()), 1.0 - 1.0 / 1024.0, 11.0 / 1024.0, 1e-15);
}

#[test]
fn sign_test_takes_thousands() {
    let values: Vec<f64> = (0..5_000).map(|index| if index % 2 == 0 { 1.0 } else { -1.0 }).collect();
    // Half of what is beside the middle, and the middle: 1/2 + C(5000, 2500) / 2^5001.
    assert_close(sign_test(&values), 0.505_641_613_747_74, 0.505_641_613_747_74, 1e-13);
}

/// McCornack, "Extended tables of the Wilcoxon matched pair signed rank statistic" (1965): the largest rank sum with
/// a two-sided value of at most 5 %.
#[test]
fn signed_ranks_have_the_critical_values_of_the_tables() {
    for (n, critical) in [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (15, 25), (20, 52), (25, 89), (50, 434)] {
        let ranks: Vec<usize> = (1..=n).map(|rank| 2 * rank).collect();
        let chances = sums_of_any(&ranks);
        let at = PValues::exact(&chances, 2 * critical).two_sided;
        let above = PValues::exact(&chances, 2 * (critical + 1)).two_sided;
        assert!(at <= 0.05 && above > 0.05, "n = {n}: {at} {above}");
    }
}

/// Darwin's maize, cross-fertilised minus self-fertilised in eighths of an inch (Fisher, "The Design of
/// Experiments", 1935, chapter III): the rank sum of the two negative ones is 24 of 120.
#[test]
fn darwins_maize_differs() {
    let eighths = [49., -67., 8., 16., 6., 23., 28., 41., 14., 29., 56., 24., 75., 60., -48.];
    let found = wilcoxon_signed_rank(&eighths).unwrap();
    assert!((found.two_sided - 0.041_259_765_625).abs() < 1e-12, "{found:?}");
    assert!((sign_test(&eighths).unwrap().two_sided - 242.0 / 32_768.0).abs() < 1e-12);
}

#[test]
fn one_sided_differences_have_the_smallest_value() {
    for n in [1, 5, 20, 50] {
        let smallest = 0.5f64.powi(n as i32);
        assert_close(wilcoxon_signed_rank(&ascending(n)), 1.0, smallest, 0.0);
        let negative: Vec<f64> = ascending(n).iter().map(|value| -value).collect();
        assert_close(wilcoxon_signed_rank(&negative), smallest, 1.0, 0.0);
    }
}

/// Milton, "An extended table of critical values for the Mann-Whitney (Wilcoxon) two-sample statistic" (1964): the
/// largest U with a two-sided value of at most 5 %.
#[test]
fn rank_sums_have_the_critical_values_of_the_tables() {
    for (m, n, critical) in
        [(3, 5, 0), (4, 4, 0), (5, 5, 2), (5, 8, 6), (8, 8, 13), (10, 10, 23), (20, 20, 127)]
    {
        let ranks: Vec<usize> = (1..=m + n).map(|rank| 2 * rank).collect();
        let ways = sums_of(m, &ranks, m * (2 * (m + n) - m + 1));
        let of = |u: usize| PValues::exact(&ways, m * (m + 1) + 2 * u).two_sided;
        assert!(
            of(critical) <= 0.05 && of(critical + 1) > 0.05,
            "{m} {n}: {} {}",
            of(critical),
            of(critical + 1)
        );
    }
}

#[test]
fn separate_groups_have_the_smallest_value() {
    let (low, high) = (ascending(4), [5.0, 6.0, 7.0]);
    assert_close(mann_whitney(&low, &high), 1.0, 1.0 / 35.0, 1e-15);
    assert_close(mann_whitney(&high, &low), 1.0 / 35.0, 1.0, 1e-15);
    let thirty: Vec<f64> = ascending(60).split_off(30);
    let p = mann_whitney(&ascending(30), &thirty).unwrap().greater;
    assert!((p * 1.182_645_815_648_614_2e17 - 1.0).abs() < 1e-12, "{p}");
}

#[test]
fn equal_values_show_nothing() {
    assert_close(mann_whitney(&[1.0; 5], &[1.0; 7]), 1.0, 1.0, 0.0);
    assert_close(mann_whitney(&[1.0; 100], &[1.0; 200]), 1.0, 1.0, 0.0);
}

#[test]
fn what_cannot_be_answered_is_not() {
    for bad in [&[][..], &[0.0, 0.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY]] {
        assert_eq!((sign_test(bad), wilcoxon_signed_rank(bad)), (None, None));
    }
    assert_eq!((mann_whitney(&[], &[1.0]), mann_whitney(&[1.0], &[])), (None, None));
    assert_eq!(mann_whitney(&[1.0], &[f64::NAN]), None);
    assert_close(mann_whitney(&[1.0], &[2.0]), 1.0, 0.5, 0.0);
}

/// Values with ties, shifted.
fn some(random: &mut Random, count: usize, shift: f64) -> Vec<f64> {
    (0..count).map(|_| (10.0 * (normal(random) + shift)).round() + 0.5).collect()
}

#[test]
fn approximations_continue_the_exact_tests() {
    let mut random = Random::new(5);
    for shift in [0.0, 0.2, 0.4] {
        let differences = some(&mut random, 50, shift);
        let ranks = doubled_ranks(&differences.iter().map(|value| value.abs()).collect::<Vec<_>>());
        let squares: f64 = ranks.iter().map(|rank| (*rank as f64).powi(2)).sum();
        let seen: usize =
            differences.iter().zip(&ranks).filter(|(value, _)| **value > 0.0).map(|(_, rank)| rank).sum();
        let near = PValues::approximate(seen as f64, ranks.iter().sum::<usize>() as f64 / 2.0, squares / 4.0);
        assert_close(wilcoxon_signed_rank(&differences), near.less, near.greater, 0.002);
        let (a, b) = (some(&mut random, 30, 0.0), some(&mut random, 30, shift));
        let ranks = doubled_ranks(&[a.clone(), b.clone()].concat());
        let exact = PValues::exact(&sums_of(30, &ranks, 3_000), ranks.iter().skip(30).sum());
        assert_close(mann_whitney(&a, &b), exact.less, exact.greater, 1e-12);
        let one_more = mann_whitney(&[&a[..], &a[..1]].concat(), &b).unwrap();
        assert!((one_more.greater - exact.greater).abs() < 0.05, "{one_more:?} {exact:?}");
    }
}

/// Known from the formulas: W+ of 1..=60 with the lowest 40 positive is 820 of 1830, variance 18452.5.
#[test]
fn large_samples_are_approximated_with_the_correction_for_continuity() {
    let values: Vec<f64> =
        (1..=60).map(|rank| if rank <= 40 { f64::from(rank) } else { -f64::from(rank) }).collect();
    let z = (820.0 - 915.0 + 0.5) / 18_452.5f64.sqrt();
    let z_greater = (820.0 - 915.0 - 0.5) / 18_452.5f64.sqrt();
    assert_close(wilcoxon_signed_rank(&values), normal::cdf(z), 1.0 - normal::cdf(z_greater), 1e-12);
    // 40 against 100 without ties: mean of U 2000, variance 47000; b holds ranks 31 to 70, U = 1200.
    let (first, rest) = (ascending(30), (71..=140).map(f64::from).collect::<Vec<_>>());
    let (a, b) = ([first, rest].concat(), (31..=70).map(f64::from).collect::<Vec<_>>());
    let deviation = 47_000.0f64.sqrt();
    let (less, greater) = (normal::cdf(-799.5 / deviation), 1.0 - normal::cdf(-800.5 / deviation));
    assert_close(mann_whitney(&a, &b), less, greater, 1e-12);
    assert_close(mann_whitney(&b, &a), greater, less, 1e-12);
}

#[test]
fn ties_lessen_the_variance() {
    // The correction in the form of Lehmann, "Nonparametrics" (1975), section 1.4.
    let of_each =
        |counts: [usize; 3]| [vec![0.0; counts[0]], vec![1.0; counts[1]], vec![2.0; counts[2]]].concat();
    let (a, b) = (of_each([40, 40, 40]), of_each([30, 40, 50]));
    let (count, ties) = (240.0f64, [70.0f64, 80.0, 90.0].map(|t| t * t * t - t).iter().sum::<f64>());
    let variance = 120.0 * 120.0 / 12.0 * (count + 1.0 - ties / (count * (count - 1.0)));
    let u: f64 =
        b.iter().flat_map(|y| a.iter().map(move |x| f64::from(y > x) + 0.5 * f64::from(y == x))).sum();
    let greater = 1.0 - normal::cdf((u - 7_200.0 - 0.5) / variance.sqrt());
    let less = normal::cdf((u - 7_200.0 + 0.5) / variance.sqrt());
    assert_close(mann_whitney(&a, &b), less, greater, 1e-12);
}

/// Few different values, so that most samples hold ties.
fn tied(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-4i32..=4).prop_map(f64::from), sizes)
}

/// One-sided values by trying all signs.
fn all_signs(differences: &[f64], statistic: impl Fn(&[f64]) -> f64) -> (f64, f64) {
    let kept: Vec<f64> = differences.iter().copied().filter(|value| *value != 0.0).collect();
    let seen = statistic(&kept);
    let tries: Vec<f64> = (0..1u32 << kept.len())
        .map(|signs| {
            let signed = |(index, value): (usize, &f64)| {
                if signs >> index & 1 == 1 { value.abs() } else { -value.abs() }
            };
            statistic(&kept.iter().enumerate().map(signed).collect::<Vec<_>>())
        })
        .collect();
    shares(&tries, seen)
}

fn shares(tries: &[f64], seen: f64) -> (f64, f64) {
    let share = |count: usize| count as f64 / tries.len() as f64;
    (
        share(tries.iter().filter(|it| **it <= seen).count()),
        share(tries.iter().filter(|it| **it >= seen).count()),
    )
}

/// Sum of the mean ranks of positive differences, by counting pairs.
fn positive_ranks(differences: &[f64]) -> f64 {
    let rank = |value: f64| {
        let pair = |other: &f64| f64::from(other.abs() < value) + 0.5 * f64::from(other.abs() == value);
        0.5 + differences.iter().map(pair).sum::<f64>()
    };
    differences.iter().filter(|value| **value > 0.0).map(|value| rank(*value)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn signs_agree_with_trying_all(differences in tied(1..9)) {
        prop_assume!(differences.iter().any(|value| *value != 0.0));
        let count = |values: &[f64]| values.iter().filter(|value| **value > 0.0).count() as f64;
        let (less, greater) = all_signs(&differences, count);
        assert_close(sign_test(&differences), less, greater, 1e-12);
        let (less, greater) = all_signs(&differences, positive_ranks);
        assert_close(wilcoxon_signed_rank(&differences), less, greater, 1e-12);
    }

    #[test]
    fn groups_agree_with_trying_all(a in tied(1..6), b in tied(1..6)) {
        let all = [&a[..], &b[..]].concat();
        let wins = |mask: u32| -> f64 {
            let group = |inside| all.iter().enumerate().filter(move |(index, _)| (mask >> index & 1 == 1) == inside);
            group(true).flat_map(|(_, y)| group(false).map(move |(_, x)| f64::from(y > x) + 0.5 * f64::from(y == x))).sum()
        };
        let masks = (0..1u32 << all.len()).filter(|mask| mask.count_ones() as usize == b.len());
        let tries: Vec<f64> = masks.map(wins).collect();
        let seen = wins(((1u32 << b.len()) - 1) << a.len());
        let (less, greater) = shares(&tries, seen);
        assert_close(mann_whitney(&a, &b), less, greater, 1e-12);
    }
}
