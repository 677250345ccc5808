//! How fast the device itself is at the moment: no adapter tells its clock or that it throttles.

use super::Fault;
use super::device::Gpu;
use super::program::Program;
use super::sampler::executions_per_sample;
use crate::kernel::calibration::{SOURCE, problem};
use crate::stats;
use crate::units::Seconds;

/// The calibration kernel, ready to run.
pub(super) struct Calibrator<'g> {
    gpu: &'g Gpu,
    program: Program<'g>,
    executions: u32,
}

/// Readings of which the median counts.
const READINGS: usize = 3;
/// Executions before the first reading, while clocks rise and drivers compile.
const WARM_UP: usize = 5;

impl<'g> Calibrator<'g> {
    /// Builds it and finds out how many executions make a sample.
    ///
    /// # Errors
    /// What the device or driver reported.
    pub fn new(gpu: &'g Gpu) -> Result<Self, Fault> {
        let program = Program::new(gpu, &[SOURCE.text.to_owned()], &problem(), 1)?;
        let mut calibrator = Self { gpu, program, executions: 1 };
        for _ in 0..WARM_UP {
            let once = calibrator.once()?;
            calibrator.executions = executions_per_sample(once, &gpu.clock, 0.0);
        }
        Ok(calibrator)
    }

    /// Seconds of one execution.
    ///
    /// # Errors
    /// What the device or driver reported.
    pub fn read(&self) -> Result<Seconds, Fault> {
        let readings = (0..READINGS).map(|_| self.once()).collect::<Result<Vec<_>, _>>()?;
        stats::median(&readings).map(Seconds).ok_or_else(|| Fault::Failed("no calibration".into()))
    }

    fn once(&self) -> Result<f64, Fault> {
        let sample = self.program.sample(self.executions)?;
        let seconds = self.gpu.clock.seconds(&sample).unwrap_or(sample.wall_s);
        Ok(seconds / f64::from(self.executions))
    }
}
