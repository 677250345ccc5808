//! A problem on the device: its buffers and pipelines, and one timed sample of it.

use std::cell::Cell;
use std::time::Instant;

use super::Fault;
use super::device::Gpu;
use crate::kernel::Capabilities;
use crate::kernel::problem::{Binding, BufferInit, Problem};
use crate::kernel::verify::POISON;

/// The most bytes copied at once when the output is poisoned.
const POISON_BYTES: u64 = 1 << 20;

/// A problem ready to run.
pub struct Program<'g> {
    gpu: &'g Gpu,
    stages: Vec<CompiledStage>,
    chain: u32,
    scratch: Vec<wgpu::Buffer>,
    /// Poisoned before every sample.
    outputs: Vec<wgpu::Buffer>,
    buffers: Buffers,
    /// Which of them is the result.
    output: usize,
    poison: wgpu::Buffer,
    stamps: Option<Stamps>,
    /// Executions so far: each takes the next set of inputs.
    turn: Cell<usize>,
}

struct CompiledStage {
    pipeline: wgpu::ComputePipeline,
    /// One per set of inputs.
    bind_groups: Vec<wgpu::BindGroup>,
    workgroups: [u32; 3],
}

/// The buffers of a problem: inputs once per set, everything else once.
struct Buffers {
    sets: Vec<Vec<Option<wgpu::Buffer>>>,
    shared: Vec<Option<wgpu::Buffer>>,
}

/// Two timestamps and the way to read them.
struct Stamps {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
}

/// One timed submission.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Raw timestamps, start and end; `None` where there are no queries.
    pub ticks: Option<(u64, u64)>,
    /// Host time around submit and wait.
    pub wall_s: f64,
}

impl<'g> Program<'g> {
    /// Uploads the inputs and builds the pipelines from one text per stage. With several sets of inputs, each
    /// execution reads the next one.
    ///
    /// # Errors
    /// [`Fault::Skipped`] with numbers where a buffer exceeds a limit; [`Fault::Failed`] where the driver objects.
    pub fn new(gpu: &'g Gpu, texts: &[String], problem: &Problem, sets: usize) -> Result<Self, Fault> {
        check_limits(gpu, problem)?;
        let internal = |what: &str| Fault::Failed(format!("internal error (please report): {what}"));
        let buffers = Buffers::new(gpu, problem, sets)?;
        buffers.get(0, problem.output).ok_or_else(|| internal("no output"))?;
        let params = (!problem.params.is_empty()).then(|| uniform(gpu, &problem.params));
        let mut stages = Vec::new();
        for stage in &problem.stages {
            let text = texts.get(stage.shader).ok_or_else(|| internal("a stage without source"))?;
            let pipeline = pipeline(gpu, text, &stage.constants)?;
            let own = (!stage.params.is_empty()).then(|| uniform(gpu, &stage.params));
            let uniform = own.as_ref().or(params.as_ref());
            let bound = |set: usize| {
                let bound = |it: &Binding| Some((it.slot, resource(buffers.get(set, it.buffer)?, it.range)));
                let uniform = uniform.map(|params| (0, resource(params, None)));
                bind_group(gpu, &pipeline, stage.bindings.iter().filter_map(bound).chain(uniform))
            };
            let bind_groups = (0..buffers.sets.len()).map(bound).collect();
            stages.push(CompiledStage { pipeline, bind_groups, workgroups: stage.workgroups });
        }
        gpu.check()?;
        let shared = |wanted: fn(&BufferInit) -> bool| {
            let chosen = problem.buffers.iter().zip(&buffers.shared).filter(|(init, _)| wanted(init));
            chosen.filter_map(|(_, buffer)| buffer.clone()).collect()
        };
        Ok(Self {
            gpu,
            stages,
            chain: problem.chain,
            scratch: shared(|init| matches!(init, BufferInit::Scratch(_))),
            outputs: shared(|init| matches!(init, BufferInit::Output(_))),
            buffers,
            output: problem.output,
            poison: poison(gpu),
            stamps: gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| Stamps::new(gpu)),
            turn: Cell::new(0),
        })
    }

    /// Poisons the outputs, then runs the op `executions` times in one submission and waits for it. Each
    /// dispatch writes what the next one writes or reads, so the device cannot overlap them.
    ///
    /// # Errors
    /// What the device or driver reported.
    pub fn sample(&self, executions: u32) -> Result<Sample, Fault> {
        self.reset()?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        self.record(&mut encoder, executions);
        let commands = encoder.finish();
        let start = Instant::now();
        self.gpu.queue.submit([commands]);
        self.gpu.wait()?;
        let wall_s = start.elapsed().as_secs_f64();
        let ticks = self.stamps.as_ref().map(|stamps| stamps.read(self.gpu)).transpose()?;
        Ok(Sample { ticks, wall_s })
    }

    /// The output as the last sample left it.
    ///
    /// # Errors
    /// What the device or driver reported.
    pub fn output(&self) -> Result<Vec<u32>, Fault> {
        self.read(self.output)
    }

    /// A buffer of the problem as the last execution left it.
    ///
    /// # Errors
    /// What the device or driver reported.
    pub fn read(&self, buffer: usize) -> Result<Vec<u32>, Fault> {
        let set = self.turn.get().wrapping_sub(1) % self.buffers.sets.len().max(1);
        let internal = || Fault::Failed("internal error (please report): no such buffer".into());
        let output = self.buffers.get(set, buffer).ok_or_else(internal)?;
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let readable = empty(self.gpu, output.size(), usage);
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(output, 0, &readable, 0, output.size());
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.read(&readable)
    }

    /// In a submission of its own, so that the host's clock does not see it.
    fn reset(&self) -> Result<(), Fault> {
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        for buffer in &self.scratch {
            encoder.clear_buffer(buffer, 0, None);
        }
        for output in &self.outputs {
            for start in (0..output.size()).step_by(POISON_BYTES as usize) {
                let length = POISON_BYTES.min(output.size() - start);
                encoder.copy_buffer_to_buffer(&self.poison, 0, output, start, length);
            }
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.wait()
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder, executions: u32) {
        let timestamp_writes = self.stamps.as_ref().map(|stamps| wgpu::ComputePassTimestampWrites {
            query_set: &stamps.set,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        });
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("timed"), timestamp_writes });
        for _ in 0..executions {
            let turn = self.turn.replace(self.turn.get().wrapping_add(1));
            for _ in 0..self.chain {
                self.stages.iter().for_each(|stage| stage.record(&mut pass, turn));
            }
        }
        drop(pass);
        if let Some(Stamps { set, resolved, readable }) = &self.stamps {
            encoder.resolve_query_set(set, 0..2, resolved, 0);
            encoder.copy_buffer_to_buffer(resolved, 0, readable, 0, 16);
        }
    }
}

impl CompiledStage {
    fn record(&self, pass: &mut wgpu::ComputePass<'_>, turn: usize) {
        let [x, y, z] = self.workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, self.bind_groups.get(turn % self.bind_groups.len()), &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

impl Buffers {
    fn new(gpu: &Gpu, problem: &Problem, sets: usize) -> Result<Self, Fault> {
        let is_input = |init: &BufferInit| matches!(init, BufferInit::Input(_));
        let each = |wanted: fn(bool) -> bool| {
            let make = |init: &BufferInit| wanted(is_input(init)).then(|| upload(gpu, init));
            problem.buffers.iter().map(make).collect::<Vec<_>>()
        };
        let shared = each(|input| !input);
        let mut buffers = Self { sets: Vec::new(), shared };
        for _ in 0..sets.max(1) {
            buffers.sets.push(each(|input| input));
            // Uploads wait in staging memory until they are submitted: not all sets at once.
            gpu.queue.submit([]);
            gpu.wait()?;
        }
        Ok(buffers)
    }

    fn get(&self, set: usize, index: usize) -> Option<&wgpu::Buffer> {
        let input = self.sets.get(set)?.get(index)?.as_ref();
        input.or_else(|| self.shared.get(index)?.as_ref())
    }
}

impl Stamps {
    fn new(gpu: &Gpu) -> Self {
        let buffer = |usage| empty(gpu, 16, usage | wgpu::BufferUsages::COPY_DST);
        Self {
            set: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
            readable: buffer(wgpu::BufferUsages::MAP_READ),
        }
    }

    fn read(&self, gpu: &Gpu) -> Result<(u64, u64), Fault> {
        match gpu.read(&self.readable)?.as_slice() {
            [a, b, c, d] => Ok((u64::from(*a) | u64::from(*b) << 32, u64::from(*c) | u64::from(*d) << 32)),
            _ => Err(Fault::Failed("the timestamps could not be read".into())),
        }
    }
}

fn check_limits(gpu: &Gpu, problem: &Problem) -> Result<(), Fault> {
    let Capabilities { binding_bytes, buffer_bytes, .. } = gpu.capabilities;
    let size = |buffer: usize| problem.buffers.get(buffer).map_or(0, BufferInit::size);
    let bindings = problem.stages.iter().flat_map(|stage| &stage.bindings);
    let bound = bindings.map(|it| it.range.map_or_else(|| size(it.buffer), |(_, length)| length));
    let buffers = problem.buffers.iter().map(BufferInit::size);
    for (what, needed, allowed) in
        [("binding", bound.max(), binding_bytes), ("buffer", buffers.max(), buffer_bytes)]
    {
        if let Some(needed) = needed.filter(|needed| *needed > allowed) {
            let [needed, allowed] = [needed, allowed].map(|bytes| bytes as f64 / 1048576.0);
            let reason = format!("needs a {what} of {needed:.1} MiB, the adapter allows {allowed:.1} MiB");
            return Err(Fault::Skipped(reason));
        }
    }
    Ok(())
}

fn resource(buffer: &wgpu::Buffer, range: Option<(u64, u64)>) -> wgpu::BindingResource<'_> {
    let Some((offset, length)) = range else { return buffer.as_entire_binding() };
    let size = std::num::NonZero::new(length);
    wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size })
}

fn upload(gpu: &Gpu, init: &BufferInit) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
    match init {
        BufferInit::Input(contents) => filled(gpu, contents, usage),
        BufferInit::Scratch(size) | BufferInit::Output(size) => {
            // Sizes of bindings are multiples of four.
            empty(gpu, size.next_multiple_of(4), usage)
        }
    }
}

fn uniform(gpu: &Gpu, params: &[u32]) -> wgpu::Buffer {
    let mut padded = params.to_vec();
    padded.resize(params.len().next_multiple_of(4), 0);
    filled(gpu, bytemuck::cast_slice(&padded), wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST)
}

fn poison(gpu: &Gpu) -> wgpu::Buffer {
    let words = vec![POISON; POISON_BYTES as usize / 4];
    filled(gpu, bytemuck::cast_slice(&words), wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST)
}

fn empty(gpu: &Gpu, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}

/// A buffer with contents. Not by mapping at creation: that panics where the device is lost.
fn filled(gpu: &Gpu, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let mut padded = std::borrow::Cow::from(contents);
    if !contents.len().is_multiple_of(4) {
        padded.to_mut().resize(contents.len().next_multiple_of(4), 0);
    }
    let buffer = empty(gpu, padded.len() as u64, usage);
    gpu.queue.write_buffer(&buffer, 0, &padded);
    buffer
}

/// Builds a pipeline inside an error scope, so that a rejected one is told apart from a later fault.
fn pipeline(gpu: &Gpu, text: &str, constants: &[(&str, f64)]) -> Result<wgpu::ComputePipeline, Fault> {
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants,
            zero_initialize_workgroup_memory: false,
        },
        cache: None,
    });
    match pollster::block_on(scope.pop()) {
        Some(error) => Err(gpu.rejected(error)),
        None => Ok(pipeline),
    }
}

fn bind_group<'b>(
    gpu: &Gpu,
    pipeline: &wgpu::ComputePipeline,
    bound: impl Iterator<Item = (u32, wgpu::BindingResource<'b>)>,
) -> wgpu::BindGroup {
    let entries: Vec<_> =
        bound.map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
    let layout = pipeline.get_bind_group_layout(0);
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &layout,
        entries: &entries,
    })
}
