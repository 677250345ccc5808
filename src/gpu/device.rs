//! An opened device, and the one way to wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu::{Features, PollType};

use super::adapters::Adapter;
use super::clock::Clock;
use super::{Fault, experimental, one_line};
use crate::kernel::Capabilities;

/// A submission that takes longer has hung: the longest ones are kept below a second.
/// Whoever can kill the process waits less long.
const HANG: Duration = Duration::from_secs(60);

/// An opened device.
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    /// What kernels may count on.
    pub capabilities: Capabilities,
    /// What the device's clock was found to be worth.
    pub clock: Clock,
    noted: Arc<Notes>,
    /// Called whenever the device has shown that it still works.
    alive: Box<dyn Fn()>,
}

/// What the driver said outside of any call: wgpu reports some errors only here.
#[derive(Default)]
struct Notes {
    lost: Mutex<Option<String>>,
    errors: Mutex<Vec<Fault>>,
}

impl Gpu {
    /// Opens an adapter with all its limits and tests its clock.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open(adapter: &Adapter) -> Result<Self, Fault> {
        Self::open_watched(adapter, || {})
    }

    /// The same, with a call to `alive` whenever a wait for the device has ended.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn open_watched(adapter: &Adapter, alive: impl Fn() + 'static) -> Result<Self, Fault> {
        let matrices = adapter.handle().features() & Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
        let wanted =
            Features::TIMESTAMP_QUERY | Features::SUBGROUP | Features::SHADER_F16 | Features::SHADER_INT64;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("mtok"),
            required_features: adapter.handle().features() & wanted | matrices,
            experimental_features: experimental::token(!matrices.is_empty()),
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.handle().request_device(&descriptor))
            .map_err(|error| Fault::Failed(format!("the device cannot be opened: {}", one_line(error))))?;
        let noted = Arc::new(Notes::default());
        let notes = Arc::clone(&noted);
        device.set_device_lost_callback(move |reason, message| {
            set(&notes.lost, one_line(format!("{reason:?} {message}")));
        });
        let notes = Arc::clone(&noted);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            notes.errors.lock().unwrap_or_else(PoisonError::into_inner).push(told(error));
        }));
        let mut gpu = Self {
            device,
            queue,
            capabilities: adapter.facts.capabilities(),
            clock: Clock::default(),
            noted,
            alive: Box::new(alive),
        };
        gpu.clock = Clock::test(&gpu)?;
        Ok(gpu)
    }

    /// Waits for everything submitted so far.
    ///
    /// # Errors
    /// A hang or a loss; or an error that the driver reported on the side since the last call.
    pub(super) fn wait(&self) -> Result<(), Fault> {
        let waited = self.device.poll(PollType::Wait { submission_index: None, timeout: Some(HANG) });
        if waited.is_err() {
            return Err(Fault::DeviceGone(format!("timed out after {} s", HANG.as_secs())));
        }
        (self.alive)();
        self.check()
    }

    /// Turns what the driver said on the side into a fault.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if let Some(lost) = self.lost() {
            return Err(lost);
        }
        let errors = std::mem::take(&mut *self.noted.errors.lock().unwrap_or_else(PoisonError::into_inner));
        match errors.into_iter().next() {
            Some(first) => Err(self.lost_or(first)),
            None => Ok(()),
        }
    }

    /// The fault behind an error of wgpu.
    pub(super) fn rejected(&self, error: wgpu::Error) -> Fault {
        self.lost_or(told(error))
    }

    /// On a lost device everything is rejected, with messages that do not tell; only a poll delivers the news of the
    /// loss.
    fn lost_or(&self, fault: Fault) -> Fault {
        // What the poll finds is what the callback notes.
        let _ = self.device.poll(PollType::Poll);
        self.lost().unwrap_or(fault)
    }

    fn lost(&self) -> Option<Fault> {
        let lost = self.noted.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.as_ref().map(|lost| Fault::DeviceGone(format!("device lost: {lost}")))
    }

    /// Reads a buffer made with `MAP_READ`. Mapping is what proves that the device still lives: a lost one
    /// answers every other call as if nothing had happened.
    pub(super) fn read(&self, buffer: &wgpu::Buffer) -> Result<Vec<u32>, Fault> {
        let (sender, receiver) = std::sync::mpsc::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only when the wait below has failed already.
            let _ = sender.send(result);
        });
        self.wait()?;
        let gone = |what: String| Fault::DeviceGone(format!("device lost: {what}"));
        receiver.try_recv().map_err(one_line).and_then(|mapped| mapped.map_err(one_line)).map_err(gone)?;
        let view = buffer.get_mapped_range(..).map_err(|error| gone(one_line(error)))?;
        let words = bytemuck::pod_collect_to_vec(&view);
        drop(view);
        buffer.unmap();
        Ok(words)
    }

    /// Makes the device unusable, as a driver crash would: for tests of what follows.
    pub fn destroy(&self) {
        self.device.destroy();
    }
}

/// Memory is the machine's to give; everything else that wgpu objects to is our mistake.
fn told(error: wgpu::Error) -> Fault {
    match error {
        wgpu::Error::OutOfMemory { .. } => {
            Fault::Failed("out of memory: the driver has no more to give".into())
        }
        error => Fault::Failed(format!("internal error (please report): {}", one_line(error))),
    }
}

fn set(slot: &Mutex<Option<String>>, value: String) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}
