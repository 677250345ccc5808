//! The time of an all-reduce by its bytes.

use super::super::curve::Reading;
use crate::op::Op;

/// A curve in bytes for one number of GPUs. Never empty.
#[derive(Clone, Debug)]
pub(super) struct AllReduce {
    /// GPUs.
    pub workers: u64,
    /// Logarithms of bytes and of seconds, bytes ascending and distinct, seconds never falling.
    points: Vec<(f64, f64)>,
}

impl AllReduce {
    /// How far an engine's own all-reduce may be from that of the library that was measured: engines have kernels of
    /// their own for small messages. With half to one and a half times the measured time, the interval holds 80 % of
    /// the served points on 4 and on 8 GPUs as it does on one.
    pub(super) const READING: Reading = Reading { fast: 0.5, slow: 1.5, ..Reading::stated(1.0) };

    /// Curves from times in seconds, one for each number of GPUs.
    ///
    /// A message never takes longer than a larger one, since it could be padded: where the measured medians say
    /// otherwise, the launches of the benchmark were slow, and a step of an engine that replays a recorded graph has
    /// none of them. So each point is the least of its own and all larger sizes' times.
    pub(super) fn curves<'o>(times: impl Iterator<Item = (&'o Op, f64)>) -> Vec<Self> {
        let mut all: Vec<(u64, u64, f64)> = times
            .filter_map(|(op, seconds)| match *op {
                Op::AllReduce { bytes, workers } => Some((workers, bytes, seconds)),
                _ => None,
            })
            .collect();
        all.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        all.chunk_by(|a, b| a.0 == b.0)
            .filter_map(|same| {
                let mut least = f64::INFINITY;
                let mut points: Vec<(f64, f64)> = same
                    .iter()
                    .rev()
                    .map(|(_, bytes, seconds)| {
                        least = least.min(*seconds);
                        ((*bytes as f64).ln(), least.ln())
                    })
                    .collect();
                points.reverse();
                Some(Self { workers: same.first()?.0, points })
            })
            .collect()
    }

    /// Seconds for a buffer of this many bytes: linear in log-log between the points, the least below them, in
    /// proportion to the bytes above.
    pub(super) fn seconds(&self, bytes: f64) -> f64 {
        let size = bytes.ln();
        let above = self.points.partition_point(|point| point.0 < size);
        let lower = above.checked_sub(1).and_then(|below| self.points.get(below));
        match (lower, self.points.get(above)) {
            (Some(lower), Some(upper)) => {
                let share = (size - lower.0) / (upper.0 - lower.0);
                (lower.1 + (upper.1 - lower.1) * share).exp()
            }
            (None, Some(first)) => first.1.exp(),
            (Some(last), None) => (last.1 + size - last.0).exp(),
            // Never: a curve has a point. NaN would be seen by every caller.
            (None, None) => f64::NAN,
        }
    }

    /// The same on links of another bandwidth.
    pub(super) fn scaled(mut self, faster: f64) -> Self {
        self.points.iter_mut().for_each(|point| point.1 -= faster.ln());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(times: &[(u64, f64)]) -> AllReduce {
        let rows: Vec<(Op, f64)> =
            times.iter().map(|(bytes, s)| (Op::AllReduce { bytes: *bytes, workers: 4 }, *s)).collect();
        AllReduce::curves(rows.iter().map(|(op, seconds)| (op, *seconds))).remove(0)
    }

    fn close(a: f64, b: f64) {
        assert!((a / b - 1.0).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn a_message_never_takes_longer_than_a_larger_one() {
        let curve = curve(&[(1_000, 40e-6), (10_000, 10e-6), (100_000, 15e-6), (1_000_000, 60e-6)]);
        close(curve.seconds(1_000.0), 10e-6);
        close(curve.seconds(1.0), 10e-6);
        close(curve.seconds(100_000.0), 15e-6);
        close(curve.seconds(10f64.powf(5.5)), 30e-6);
        close(curve.seconds(2_000_000.0), 120e-6);
    }

    #[test]
    fn each_number_of_gpus_has_a_curve() {
        let rows = [(2, 5e-6), (8, 9e-6)].map(|(workers, s)| (Op::AllReduce { bytes: 64, workers }, s));
        let curves = AllReduce::curves(rows.iter().map(|(op, seconds)| (op, *seconds)));
        assert_eq!(curves.iter().map(|curve| curve.workers).collect::<Vec<_>>(), [2, 8]);
        close(curves[1].clone().scaled(3.0).seconds(64.0), 3e-6);
    }
}
