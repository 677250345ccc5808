//! What the tuner has to try: for each class with more than one variant an op that stands for it.

use std::collections::BTreeMap;

use mtok::kernel::{Capabilities, Kernel, Suite, Variant};
use mtok::op::Op;
use mtok::tuning::Class;

use super::kept;

/// A class to be decided.
pub struct Job {
    /// The ops that the choice holds for.
    pub class: Class,
    /// Their kernel.
    pub kernel: &'static Kernel,
    /// The op that is tried.
    pub op: Op,
    /// Names the sources of all variants.
    pub sources: String,
    /// Those that the adapter can run, the preferred one first.
    pub variants: Vec<&'static Variant>,
}

/// The classes of kernels that have a choice on an adapter, in the order of their cells.
pub fn jobs(kernels: &[&'static Kernel], offered: &Capabilities, suite: Suite) -> Vec<Job> {
    kernels.iter().flat_map(|kernel| of_kernel(kernel, offered, suite)).collect()
}

fn of_kernel(kernel: &'static Kernel, offered: &Capabilities, suite: Suite) -> Vec<Job> {
    let mut ops: BTreeMap<Class, Vec<Op>> = BTreeMap::new();
    let mut order = Vec::new();
    for op in (kernel.cases)(offered, suite) {
        let class = Class::of(&op);
        if !order.contains(&class) {
            order.push(class.clone());
        }
        ops.entry(class).or_default().push(op);
    }
    let job = |class: Class| {
        let op = representative(kernel, ops.get(&class)?, offered)?;
        let variants: Vec<_> = kernel.runnable(&op, offered).collect();
        let sources = kept::sources(kernel, op.format());
        (variants.len() > 1).then_some(Job { class, kernel, op, sources, variants })
    };
    order.into_iter().filter_map(job).collect()
}

/// The op that stands for its class: of those that the most variants compute the middle one by bytes and arithmetic;
/// the largest where a model reads its inputs from memory each time, which caches would hide in a small one.
fn representative(kernel: &Kernel, ops: &[Op], offered: &Capabilities) -> Option<Op> {
    let variants = |op: &Op| kernel.runnable(op, offered).count();
    let most = ops.iter().map(variants).max()?;
    let mut ops: Vec<Op> = ops.iter().copied().filter(|op| variants(op) == most).collect();
    ops.sort_by(|a, b| {
        let work = |op: &Op| op.bytes().0 + op.flops().0;
        work(a).total_cmp(&work(b))
    });
    ops.get(if kernel.streams { ops.len() - 1 } else { (ops.len() - 1) / 2 }).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtok::kernel::ALL;

    #[test]
    fn every_case_with_a_choice_is_in_a_class_that_is_tried_once() {
        let offered = Capabilities { subgroups: true, f16: true, ..Capabilities::WEBGPU_DEFAULT };
        let all = jobs(&ALL, &offered, Suite::Full);
        assert!(all.iter().any(|job| job.kernel.name == "gemm"));
        for job in &all {
            assert_eq!(Class::of(&job.op), job.class);
            assert_eq!(all.iter().filter(|other| other.class == job.class).count(), 1, "{}", job.class);
        }
        for kernel in ALL {
            for op in (kernel.cases)(&offered, Suite::Full) {
                let choice = kernel.runnable(&op, &offered).count() > 1;
                let tried = all.iter().any(|job| job.class == Class::of(&op));
                assert!(tried || !choice, "{op}");
            }
        }
    }
}
