use super::*;
use proptest::prelude::*;

const EXAMPLE: Lease = Lease {
    usd_per_hour: UsdPerHour(2.35),
    gpus: 1.0,
    tokens_per_s: TokensPerSecond(3000.0),
    usd_per_mtok: UsdPerMtok(0.30),
    share: 0.9,
};

fn assert_four_digits(value: f64, written: f64) {
    assert!((value / written - 1.0).abs() < 5e-4, "{value} is not {written}");
}

/// The integral by the midpoint rule.
fn numerically(growth: Growth, load: f64, months: f64) -> f64 {
    let steps = 20_000;
    let step = months / f64::from(steps);
    let at = |t: f64| (load * (growth.load * t).exp()).min(1.0) * (growth.worth() * t).exp();
    (0..steps).map(|index| at((f64::from(index) + 0.5) * step) * step).sum()
}

#[test]
fn the_worked_example_has_both_break_evens() {
    let compared = EXAMPLE.compared().unwrap();
    assert_four_digits(compared.full_load_revenue_usd_per_hour, 3.240);
    assert_four_digits(compared.lease_pays_from_load, 0.7253);
    assert_four_digits(compared.break_even_load, 0.8059);
    let never = Lease { share: 0.6, ..EXAMPLE }.compared().unwrap();
    assert_four_digits(never.break_even_load, 1.209);
}

#[test]
fn both_sides_are_indifferent_at_the_break_even_load() {
    let load = EXAMPLE.compared().unwrap().break_even_load;
    let at = EXAMPLE.at(load).unwrap();
    assert!((at.provider_share_usd_per_hour - 2.35).abs() < 1e-12, "{at:?}");
    assert!((at.tenant_lease_usd_per_hour - at.tenant_share_usd_per_hour).abs() < 1e-12, "{at:?}");
    let below = EXAMPLE.at(load * 0.9).unwrap();
    assert!(below.tenant_share_usd_per_hour > below.tenant_lease_usd_per_hour);
    assert!(below.provider_share_usd_per_hour < 2.35);
}

#[test]
fn a_share_varies_with_the_load_and_no_load_varies_more_than_it_can() {
    assert!((EXAMPLE.deviation(0.5, 0.2).unwrap() - 0.9 * 3.24 * 0.2).abs() < 1e-12);
    assert!((EXAMPLE.deviation(0.5, 0.0).unwrap()).abs() < 1e-12);
    let refused = EXAMPLE.deviation(0.9, 0.31).unwrap_err().to_string();
    assert_eq!(refused, "a load from 0 to 1 with mean 0.9 varies by at most 0.300, not by 0.31");
    assert!(EXAMPLE.deviation(0.5, f64::NAN).is_err());
}

#[test]
fn without_growth_the_horizon_changes_nothing() {
    let over = EXAMPLE.over(24.0, Growth::default(), Some(0.5)).unwrap();
    assert_four_digits(over.break_even_load_today.unwrap(), 0.8059);
    assert_eq!(over.full_after_months, None);
    let hours = 24.0 * crate::cost::HOURS_PER_MONTH;
    assert!((over.share_usd.unwrap() / (0.9 * 1.62 * hours) - 1.0).abs() < 1e-12);
    assert_eq!(
        Lease { share: 0.6, ..EXAMPLE }.over(24.0, Growth::default(), None).unwrap().break_even_load_today,
        None
    );
}

#[test]
fn a_load_that_reaches_one_is_integrated_in_pieces() {
    let growth = Growth::per_month(-0.03, 0.05, 0.02).unwrap();
    let over = EXAMPLE.over(24.0, growth, Some(0.5)).unwrap();
    // 0.5 · 1.05^m reaches 1 after 14.2 months.
    assert_four_digits(over.full_after_months.unwrap(), 14.21);
    assert!((growth.full_months(0.5, 24.0) / numerically(growth, 0.5, 24.0) - 1.0).abs() < 1e-6);
}

#[test]
fn nonsense_is_refused() {
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        for broken in [
            Lease { usd_per_hour: UsdPerHour(bad), ..EXAMPLE },
            Lease { gpus: bad, ..EXAMPLE },
            Lease { tokens_per_s: TokensPerSecond(bad), ..EXAMPLE },
            Lease { usd_per_mtok: UsdPerMtok(bad), ..EXAMPLE },
            Lease { share: bad, ..EXAMPLE },
        ] {
            assert!(broken.compared().is_err() && broken.at(0.5).is_err(), "{broken:?}");
        }
        assert!(EXAMPLE.at(bad).is_err() && EXAMPLE.over(bad, Growth::default(), None).is_err());
        assert!(EXAMPLE.over(1.0, Growth::default(), Some(bad)).is_err());
    }
    assert!(Lease { share: 1.1, ..EXAMPLE }.compared().is_err());
    assert!(Lease { usd_per_hour: UsdPerHour(1e308), gpus: 10.0, ..EXAMPLE }.compared().is_err());
    assert!(Lease { usd_per_mtok: UsdPerMtok(1e308), ..EXAMPLE }.compared().is_err());
    for change in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Growth::per_month(change, 0.0, 0.0).is_err(), "{change}");
    }
    let exploding = Growth::per_month(1e300, 0.0, 0.0).unwrap();
    assert_eq!(EXAMPLE.over(1000.0, exploding, Some(0.5)), Err(Refused::OutOfRange));
}

proptest! {
    #[test]
    fn the_load_that_breaks_even_over_a_horizon_does(
        lease in 0.05f64..3.0, share in 0.3f64..1.0, months in 1.0f64..60.0,
        price in -0.1f64..0.05, load in -0.05f64..0.2, software in 0.0f64..0.05,
    ) {
        let lease = Lease { usd_per_hour: UsdPerHour(lease), share, ..EXAMPLE };
        let refused = |refused: Refused| TestCaseError::fail(refused.to_string());
        let growth = Growth::per_month(price, load, software).map_err(refused)?;
        let over = lease.over(months, growth, None).map_err(refused)?;
        match over.break_even_load_today {
            Some(today) => {
                prop_assert!(today > 0.0 && today <= 1.0);
                let at = lease.over(months, growth, Some(today)).map_err(refused)?;
                let brought = at.share_usd.ok_or_else(|| TestCaseError::fail("no share"))?;
                prop_assert!((brought / at.lease_usd - 1.0).abs() < 1e-9, "{brought} {}", at.lease_usd);
            }
            None => {
                let full = lease.over(months, growth, Some(1.0)).map_err(refused)?;
                prop_assert!(full.share_usd < Some(full.lease_usd));
            }
        }
    }

    #[test]
    fn pieces_and_sums_agree(
        load in 0.01f64..1.0, months in 1.0f64..48.0, price in -0.1f64..0.05, grows in -0.05f64..0.2,
    ) {
        let growth = Growth::per_month(price, grows, 0.01);
        let growth = growth.map_err(|refused| TestCaseError::fail(refused.to_string()))?;
        prop_assert!((growth.full_months(load, months) / numerically(growth, load, months) - 1.0).abs() < 1e-6);
    }
}
