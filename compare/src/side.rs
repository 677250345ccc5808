//! What both sides of the comparison can do.

/// Exit codes, those of mtok.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something failed on the way.
    Failed = 1,
    /// Bad input or usage.
    BadInput = 2,
    /// No adapter to measure on.
    NoAdapter = 3,
    /// A side computed something wrong.
    WrongResult = 5,
}

/// Why there is no ratio.
#[derive(Debug)]
pub struct Stop {
    /// The code to exit with.
    pub exit: Exit,
    /// What, where, and what to do next.
    pub message: String,
}

impl Stop {
    /// A stop with its code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Something failed on the way.
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failed, message.to_string())
    }
}

/// One implementation of the matrix product, ready to run on its own device.
pub trait Side {
    /// What runs, for the table.
    fn name(&self) -> String;

    /// Seconds by the host's clock from the first of so many executions to the end of the last, which the
    /// device has then finished. What was in the output before is gone.
    ///
    /// # Errors
    /// What the device or driver reported.
    fn seconds(&self, executions: u32) -> Result<f64, Stop>;

    /// The output that the last sample wrote, in the words that mtok's own check reads.
    ///
    /// # Errors
    /// What the device or driver reported.
    fn output(&self) -> Result<Vec<u32>, Stop>;
}
