//! A robust least-squares fit of positive constants: Levenberg and Marquardt's damped steps on the logarithms of
//! the constants, with pseudo-Huber residuals (`2·s²·(√(1 + (r/s)²) − 1)`), so that a few rows far off count by their
//! distance and not by its square. The same rows give the same constants: nothing is random.

/// Residuals beyond this count by their distance: a tenth in a logarithm.
const SOFT: f64 = 0.1;
const MOST_STEPS: usize = 60;
/// Relative improvement below which the fit ends.
const ENOUGH: f64 = 1e-9;

/// A constant to find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unknown {
    /// Where the search starts; above zero.
    pub start: f64,
    /// The most that it can be: 1 for a share.
    pub most: f64,
}

/// The constants that make `residuals` small. Residuals that are not finite count as zero.
pub fn fit(unknowns: &[Unknown], residuals: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let most: Vec<f64> = unknowns.iter().map(|unknown| unknown.most.ln()).collect();
    let mut point: Vec<f64> =
        unknowns.iter().zip(&most).map(|(unknown, most)| unknown.start.ln().min(*most)).collect();
    let of = |point: &[f64]| {
        let constants: Vec<f64> = point.iter().map(|log| log.exp()).collect();
        let mut found = residuals(&constants);
        found.iter_mut().filter(|residual| !residual.is_finite()).for_each(|residual| *residual = 0.0);
        found
    };
    let mut here = of(&point);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let slopes = slopes(&point, &here, &of);
        let mut better = None;
        while better.is_none() && damping < 1e9 {
            let next = damped(&point, &most, &here, &slopes, damping);
            let there = of(&next);
            if cost(&there) < cost(&here) {
                better = Some((next, there));
                damping = (damping / 5.0).max(1e-9);
            } else {
                damping *= 4.0;
            }
        }
        let Some((next, there)) = better else { break };
        let gain = 1.0 - cost(&there) / cost(&here);
        (point, here) = (next, there);
        if gain < ENOUGH {
            break;
        }
    }
    point.iter().map(|log| log.exp()).collect()
}

fn cost(residuals: &[f64]) -> f64 {
    residuals.iter().map(|residual| (1.0 + (residual / SOFT).powi(2)).sqrt() - 1.0).sum()
}

/// One row per constant: how each residual moves with its logarithm.
fn slopes(point: &[f64], here: &[f64], of: &impl Fn(&[f64]) -> Vec<f64>) -> Vec<Vec<f64>> {
    const REACH: f64 = 1e-5;
    let slope = |index: usize| {
        let moved: Vec<f64> = point
            .iter()
            .enumerate()
            .map(|(other, log)| if other == index { log - REACH } else { *log })
            .collect();
        of(&moved).iter().zip(here).map(|(there, here)| (here - there) / REACH).collect()
    };
    (0..point.len()).map(slope).collect()
}

/// The step of the normal equations with their diagonal enlarged. A constant that would pass its limit stays there.
fn damped(point: &[f64], most: &[f64], here: &[f64], slopes: &[Vec<f64>], damping: f64) -> Vec<f64> {
    let weight = |residual: f64| 1.0 / (1.0 + (residual / SOFT).powi(2)).sqrt();
    let product = |one: &[f64], other: &[f64]| -> f64 {
        one.iter().zip(other).zip(here).map(|((a, b), residual)| a * b * weight(*residual)).sum()
    };
    let held: Vec<bool> = slopes
        .iter()
        .zip(point.iter().zip(most))
        .map(|(slope, (log, most))| log >= most && product(slope, here) < 0.0)
        .collect();
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (index, slope) in slopes.iter().enumerate() {
        let is_held = |other: &usize| held.get(*other).copied().unwrap_or_default();
        let mut row: Vec<f64> = slopes
            .iter()
            .enumerate()
            .map(|(other, column)| {
                let free = !is_held(&index) && !is_held(&other);
                let value = if free { product(slope, column) } else { 0.0 };
                if other == index { value * (1.0 + damping) + 1e-12 } else { value }
            })
            .collect();
        row.push(if is_held(&index) { 0.0 } else { -product(slope, here) });
        rows.push(row);
    }
    let step = solve(rows);
    point
        .iter()
        .zip(step)
        .zip(most)
        .map(|((log, step), most)| (log + step.clamp(-1.0, 1.0)).min(*most))
        .collect()
}

/// Gaussian elimination with pivoting; each row ends with its right-hand side.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let at = |row: &[f64], column: usize| row.get(column).copied().unwrap_or_default();
    let mut done: Vec<(usize, Vec<f64>)> = Vec::new();
    for column in 0..rows.len() {
        let largest = (0..rows.len()).max_by(|one, other| {
            let size = |index: &usize| rows.get(*index).map_or(0.0, |row| at(row, column).abs());
            size(one).total_cmp(&size(other))
        });
        let Some(largest) = largest else { break };
        let pivot = rows.swap_remove(largest);
        let lead = at(&pivot, column);
        let scaled: Vec<f64> =
            pivot.iter().map(|value| if lead == 0.0 { 0.0 } else { value / lead }).collect();
        let rest = rows.iter_mut().chain(done.iter_mut().map(|(_, row)| row));
        for row in rest {
            let factor = at(row, column);
            row.iter_mut().zip(&scaled).for_each(|(value, scaled)| *value -= factor * scaled);
        }
        done.push((column, scaled));
    }
    done.into_iter().map(|(_, row)| row.last().copied().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `t = a/eta + b·tau` with a share and a time, at sizes that tell them apart.
    fn rows(share: f64, time: f64) -> Vec<(f64, f64, f64)> {
        (1..40)
            .map(|size| (f64::from(size), f64::from(40 - size)))
            .map(|(a, b)| (a, b, a / share + b * time))
            .collect()
    }

    fn recovered(rows: &[(f64, f64, f64)]) -> Vec<f64> {
        let unknowns = [Unknown { start: 0.5, most: 1.0 }, Unknown { start: 0.1, most: f64::INFINITY }];
        fit(&unknowns, |constants| {
            rows.iter().map(|(a, b, t)| ((a / constants[0] + b * constants[1]) / t).ln()).collect()
        })
    }

    #[test]
    fn known_constants_are_found_again() {
        let found = recovered(&rows(0.8, 3e-3));
        assert!((found[0] - 0.8).abs() < 1e-6 && (found[1] - 3e-3).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn rows_far_off_hardly_move_them() {
        let mut rows = rows(0.8, 2.0);
        for row in rows.iter_mut().step_by(13) {
            row.2 *= 3.0;
        }
        let found = recovered(&rows);
        assert!((found[0] - 0.8).abs() < 0.02 && (found[1] - 2.0).abs() < 0.05, "{found:?}");
    }

    #[test]
    fn a_share_stays_within_its_limit() {
        let found = recovered(&rows(1.4, 2.0));
        assert!(found[0] <= 1.0 && found[0] > 0.99, "{found:?}");
    }
}
