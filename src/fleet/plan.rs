//! `fleet.json`: what every task of a fleet does.

use serde::{Deserialize, Serialize};

use crate::hash::{hash, hexadecimal};
use crate::named::named;

/// Grows by one when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// The most tasks of a fleet: what the names of their folders hold.
pub const TASKS_MAX: u32 = 99_999;

/// What a task measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// One GPU, the one that the scheduler gave it.
    #[default]
    Gpu,
    /// Every GPU of its node, one after the other.
    Node,
}

named!(Per { Gpu = "gpu", Node = "node" });

/// The plan of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Names the plan: [`Plan::new`] makes it of all fields below but the time.
    pub id: String,
    /// Tasks, numbered from 0.
    pub tasks: u32,
    /// What each of them measures.
    pub per: Per,
    /// The options of `mtok measure` that all share, as words.
    pub options: Vec<String>,
    /// mtok's version that every task must have.
    pub tool_version: String,
    /// mtok's commit that every task must have; empty where unknown.
    pub tool_commit: String,
    /// Whether nothing was measured: the rows were made up by `mtok fleet simulate`.
    #[serde(default)]
    pub simulated: bool,
    /// When the plan was made, UTC, RFC 3339.
    pub made_utc: String,
}

impl Plan {
    /// A plan with its name.
    pub fn new(
        tasks: u32,
        per: Per,
        options: Vec<String>,
        tool: (&str, &str),
        simulated: bool,
        made_utc: String,
    ) -> Self {
        let (version, commit) = tool;
        let mut plan = Self {
            schema_version: SCHEMA_VERSION,
            id: String::new(),
            tasks,
            per,
            options,
            tool_version: version.to_owned(),
            tool_commit: commit.to_owned(),
            simulated,
            made_utc,
        };
        plan.id = plan.name();
        plan
    }

    /// Reads `fleet.json`.
    ///
    /// # Errors
    /// Text that is no plan of this version, no tasks or too many, and an id that is not that of the plan: somebody has
    /// changed it since.
    pub fn read(text: &str) -> Result<Self, String> {
        let plan: Self =
            serde_json::from_str(text).map_err(|error| format!("is no plan of a fleet: {error}"))?;
        match plan {
            Self { schema_version, .. } if schema_version != SCHEMA_VERSION => {
                Err(format!("has schema_version {schema_version}, this mtok reads {SCHEMA_VERSION}"))
            }
            Self { tasks, .. } if tasks == 0 || tasks > TASKS_MAX => {
                Err(format!("has {tasks} tasks; a fleet has 1 to {TASKS_MAX}"))
            }
            plan if plan.id != plan.name() => {
                Err("was changed after it was made: its id is another; make a new fleet".into())
            }
            plan => Ok(plan),
        }
    }

    /// The text of `fleet.json`.
    pub fn json(&self) -> String {
        super::record::json(self)
    }

    /// The hash of what a task does. A unit separator keeps words apart.
    fn name(&self) -> String {
        let head = [
            self.tasks.to_string(),
            self.per.to_string(),
            self.tool_version.clone(),
            self.tool_commit.clone(),
            self.simulated.to_string(),
        ];
        let words: Vec<String> =
            head.iter().chain(&self.options).map(|word| format!("{word}\u{1f}")).collect();
        hexadecimal(hash(words.iter().map(String::as_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(tasks: u32, options: &[&str]) -> Plan {
        let options = options.iter().map(|word| (*word).to_owned()).collect();
        Plan::new(tasks, Per::Gpu, options, ("0.1.0", "abc"), false, "2026-11-22T00:00:00Z".into())
    }

    #[test]
    fn a_plan_is_read_back_and_one_that_was_changed_is_refused() {
        let written = plan(4, &["--budget", "2m"]);
        assert_eq!(Plan::read(&written.json()), Ok(written.clone()));
        let changed = written.json().replace("\"tasks\": 4", "\"tasks\": 5");
        assert!(Plan::read(&changed).unwrap_err().contains("was changed"));
        assert!(Plan::read("{}").unwrap_err().starts_with("is no plan"));
        assert!(Plan::read(&plan(0, &[]).json()).unwrap_err().contains("0 tasks"));
    }

    #[test]
    fn a_plan_is_named_by_what_its_tasks_do() {
        let later = Plan { made_utc: "2027-01-01T00:00:00Z".into(), ..plan(4, &[]) };
        assert_eq!(plan(4, &[]).id, later.name());
        assert_ne!(plan(4, &[]).id, plan(5, &[]).id);
        assert_ne!(plan(4, &["ab", "c"]).id, plan(4, &["a", "bc"]).id);
    }
}
