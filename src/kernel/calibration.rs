//! The calibration kernel: a fixed amount of work, run before and after every cell. It is no cell itself and
//! must not change between versions, or runs of two versions could not be told to have met the same device.

use super::data::{NORMAL, Random};
use super::problem::{BufferInit, Element, Problem, stage};
use super::{Source, shader};

/// Its source.
pub const SOURCE: Source = shader!("calibration");

const INVOCATIONS: u32 = 65_536;
const WORKGROUP: u32 = 64;
/// Inputs that each invocation reads again and again: 1 MiB in all, so that the smallest limits allow it.
const INPUTS: u32 = 4;

/// Its buffers and its one dispatch. The reference is not asked for: nothing is computed from its result.
pub fn problem() -> Problem {
    let x = BufferInit::input(&Random::new(1, 0).normals((INVOCATIONS * INPUTS) as usize, 0.5));
    Problem {
        params: vec![],
        buffers: vec![x, BufferInit::Output(u64::from(INVOCATIONS) * 4)],
        stages: vec![stage(2, [INVOCATIONS / WORKGROUP, 1, 1])],
        chain: 1,
        output: 1,
        element: Element::F32,
        reference: Box::new(|indices| vec![f64::NAN; indices.len()]),
        nmse_max: 0.0,
        distribution: NORMAL,
    }
}
