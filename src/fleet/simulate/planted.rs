//! Which tasks and nodes have which fault.

use super::{Fleet, Kind, Lacking, Serialize, Why};
use crate::stats::random::Random;

/// What is wrong with a task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Role {
    #[default]
    Healthy,
    Slow(f64),
    SlowMemory(f64),
    Fast(f64),
    SlowNode(f64),
    Throttling(f64),
    Drifting(f64),
    OtherDriver,
    OtherVersion,
    Failed,
    Missing,
    Torn,
    Duplicate,
    Backwards,
    OtherPlan,
}

/// What is to be found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planted {
    /// Devices out of line, in the order of their first task.
    pub outliers: Vec<PlantedOutlier>,
    /// Folders and files to be set aside.
    pub aside: Vec<PlantedAside>,
    /// Tasks that are short of something.
    pub lacking: Vec<PlantedLack>,
    /// Of each task.
    #[serde(skip)]
    pub(super) roles: Vec<Role>,
}

/// Devices out of line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlantedOutlier {
    /// What it is.
    pub kind: Kind,
    /// The tasks that measured its devices.
    pub tasks: Vec<u32>,
    /// The share by which they are slower where they are; negative where they are faster.
    pub slower: f64,
}

/// Something to be set aside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlantedAside {
    /// Why.
    pub why: Why,
    /// Relative to the folder of the fleet.
    pub path: String,
}

/// A task that is short of something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PlantedLack {
    /// What.
    pub what: Lacking,
    /// The task.
    pub task: u32,
}

/// How much slower another driver is.
pub(super) const OTHER_DRIVER: f64 = 0.01;

/// The folder that a task is there a second time in.
pub(super) fn copy_of(task: u32) -> String {
    format!("{}/{} (copy)", crate::fleet::folders::TASKS, crate::fleet::folders::task(task))
}

/// The paths of files that are no part of a fleet, where its tasks are.
pub(super) fn foreign_path(number: u32) -> String {
    let name = match number % 3 {
        0 => format!("notes-{number}.txt"),
        1 => format!("lost+found-{number}/core"),
        _ => format!(".nfs{number:08}"),
    };
    format!("{}/{name}", crate::fleet::folders::TASKS)
}

pub(super) fn plant(fleet: &Fleet) -> Result<Planted, String> {
    let mut roles = vec![Role::Healthy; fleet.tasks as usize];
    let mut random = Random::new(fleet.seed ^ 0x706c_616e_7465_6421);
    plant_nodes(fleet, &mut roles, &mut random)?;
    plant_tasks(fleet, &mut roles, &mut random)?;
    Ok(Planted {
        outliers: outliers(fleet, &roles),
        aside: aside(fleet, &roles),
        lacking: lacking(&roles),
        roles,
    })
}

fn plant_nodes(fleet: &Fleet, roles: &mut [Role], random: &mut Random) -> Result<(), String> {
    let faults = &fleet.faults;
    let wanted: Vec<Role> = [
        vec![Role::SlowNode(faults.slow_nodes.1); faults.slow_nodes.0 as usize],
        vec![Role::Throttling(faults.throttling_nodes.1); faults.throttling_nodes.0 as usize],
        vec![Role::Drifting(faults.drifted_nodes.1); faults.drifted_nodes.0 as usize],
    ]
    .concat();
    let size = fleet.gpus_per_node as usize;
    // A part of a node at the end of the fleet is no node.
    let mut nodes: Vec<&mut [Role]> = roles.chunks_exact_mut(size).collect();
    if wanted.len() > nodes.len() {
        let (wanted, nodes) = (wanted.len(), nodes.len());
        return Err(format!("{wanted} nodes with a fault: the fleet has {nodes} whole nodes of {size}"));
    }
    shuffle(&mut nodes, random);
    for (node, role) in nodes.into_iter().zip(wanted) {
        node.fill(role);
    }
    Ok(())
}

fn plant_tasks(fleet: &Fleet, roles: &mut [Role], random: &mut Random) -> Result<(), String> {
    let faults = &fleet.faults;
    let of = |role: Role, count: u32| vec![role; count as usize];
    let wanted: Vec<Role> = [
        of(Role::Slow(faults.slow.1), faults.slow.0),
        of(Role::SlowMemory(faults.slow_memory.1), faults.slow_memory.0),
        of(Role::Fast(faults.fast.1), faults.fast.0),
        of(Role::OtherDriver, faults.other_driver),
        of(Role::OtherVersion, faults.other_version),
        of(Role::Failed, faults.failed),
        of(Role::Missing, faults.missing),
        of(Role::Torn, faults.torn),
        of(Role::Duplicate, faults.duplicate),
        of(Role::Backwards, faults.backwards),
        of(Role::OtherPlan, faults.other_plan),
    ]
    .concat();
    let mut free: Vec<u32> = (0u32..)
        .zip(roles.iter())
        .filter(|(_, role)| **role == Role::Healthy)
        .map(|(task, _)| task)
        .collect();
    shuffle(&mut free, random);
    // Half of a node would be the node's fault, and not that of its devices.
    let most = (fleet.gpus_per_node as usize).saturating_sub(1) / 2;
    let mut in_node = vec![0; roles.len()];
    let mut places = free.into_iter().filter(|task| {
        let node = in_node.get_mut(fleet.node(*task) as usize);
        node.is_some_and(|count: &mut usize| {
            *count += 1;
            *count <= most.max(1)
        })
    });
    let total = wanted.len();
    for (planted, role) in wanted.into_iter().enumerate() {
        let Some(task) = places.next() else {
            return Err(format!("{total} tasks with a fault: there is room for {planted}"));
        };
        roles.get_mut(task as usize).into_iter().for_each(|slot| *slot = role);
    }
    Ok(())
}

fn shuffle<T>(values: &mut [T], random: &mut Random) {
    for last in (1..values.len()).rev() {
        values.swap(last, random.below(last + 1));
    }
}

fn outliers(fleet: &Fleet, roles: &[Role]) -> Vec<PlantedOutlier> {
    let mut found: Vec<PlantedOutlier> = Vec::new();
    for (task, role) in (0u32..).zip(roles) {
        let (kind, slower) = match *role {
            Role::Slow(by) => (Kind::SlowCard, by),
            Role::SlowMemory(by) => (Kind::SlowKernels, by),
            Role::Fast(by) => (Kind::FastCard, -by),
            Role::SlowNode(by) => (Kind::SlowNode, by),
            // The median run has half of the drift.
            Role::Drifting(by) => (Kind::SlowNode, 0.5 * by),
            Role::Throttling(by) => (Kind::ThrottlingNode, by),
            Role::OtherDriver => (Kind::MixedDriver, OTHER_DRIVER),
            _ => continue,
        };
        let together = match kind {
            Kind::SlowNode | Kind::ThrottlingNode => found
                .iter_mut()
                .find(|it| it.tasks.first().is_some_and(|first| fleet.node(*first) == fleet.node(task))),
            Kind::MixedDriver => found.iter_mut().find(|it| it.kind == kind),
            _ => None,
        };
        match together {
            Some(it) => it.tasks.push(task),
            None => found.push(PlantedOutlier { kind, tasks: vec![task], slower }),
        }
    }
    found
}

fn aside(fleet: &Fleet, roles: &[Role]) -> Vec<PlantedAside> {
    let folder =
        |task: u32| format!("{}/{}", crate::fleet::folders::TASKS, crate::fleet::folders::task(task));
    let of = |(task, role): (u32, &Role)| {
        let (why, path) = match role {
            Role::Duplicate => (Why::Duplicate, copy_of(task)),
            Role::Backwards => (Why::Backwards, folder(task)),
            Role::OtherPlan => (Why::OtherPlan, folder(task)),
            Role::Torn => (Why::Torn, folder(task)),
            _ => return None,
        };
        Some(PlantedAside { why, path })
    };
    let foreign =
        (0..fleet.faults.foreign).map(|it| PlantedAside { why: Why::Foreign, path: foreign_path(it) });
    (0u32..).zip(roles).filter_map(of).chain(foreign).collect()
}

fn lacking(roles: &[Role]) -> Vec<PlantedLack> {
    let of = |(task, role): (u32, &Role)| {
        let what = match role {
            Role::Missing => Lacking::Missing,
            Role::Failed => Lacking::Failed,
            Role::Torn => Lacking::Torn,
            Role::OtherVersion => Lacking::OtherVersion,
            _ => return None,
        };
        Some(PlantedLack { what, task })
    };
    (0u32..).zip(roles).filter_map(of).collect()
}
