//! What lies among the folders of tasks and is none of them.

use super::Found;
use super::record::{self, glance, of_other_plan};
use crate::fleet::collected::{Aside, Why};
use crate::fleet::folders::{TASKS, index};
use crate::fleet::plan::Plan;

/// Names an entry of the folder of all tasks that is not the folder of a task of the plan; the records are those in it, where
/// it is a folder.
pub fn stray(plan: &Plan, name: &str, begun: Found, status: Found) -> Aside {
    let (why, what) = match (glance(begun, status), index(name)) {
        (Some(record), _) if record.plan != plan.id => (Why::OtherPlan, of_other_plan(plan, &record)),
        (_, Some(_)) => (Why::Foreign, format!("the plan has tasks 0 to {}", plan.tasks.saturating_sub(1))),
        (Some(record), None) => (Why::Duplicate, format!("is another folder of task {}", record.index)),
        (None, None) => match named_like(name).filter(|task| *task < plan.tasks) {
            Some(task) => (Why::Duplicate, format!("is named like another folder of task {task}")),
            None => (Why::Foreign, "is no folder of a task".into()),
        },
    };
    Aside { path: format!("{TASKS}/{name}"), why, what, rows: 0 }
}

/// Names an entry of the folder of a task that is no part of it.
pub fn inside_task(task: u32, name: &str) -> Aside {
    let what = "is no part of a task's folder".into();
    Aside { path: format!("{}/{name}", record::path(task)), why: Why::Foreign, what, rows: 0 }
}

/// Says that a folder has more such entries than are named one by one.
pub fn more(path: &str, count: u64) -> Aside {
    let what = format!("has {count} more entries that are no part of it");
    Aside { path: path.into(), why: Why::Foreign, what, rows: 0 }
}

/// The task whose folder's name this one begins with, as that of a copy does.
fn named_like(name: &str) -> Option<u32> {
    let (digits, rest) = name.split_at_checked(5)?;
    let apart = !rest.starts_with(|next: char| next.is_ascii_digit());
    index(digits).filter(|_| apart)
}
