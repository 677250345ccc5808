//! Data that was never measured: for tests of statistics and for simulations.

use super::random::Random;

/// A draw from the standard normal distribution (Box and Muller, 1958).
pub fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * random.unit()).cos()
}
