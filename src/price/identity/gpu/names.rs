//! Every name of every GPU.

use std::collections::HashMap;
use std::sync::Arc;

use super::spelling::{Form, bare, squash};
use crate::hardware::GpuSpec;
use crate::lookup::split_list;
use crate::table::{Fault, Row, Table};

/// The bundled alias table.
const ALIASES: &str = include_str!("../../../../data/gpu_aliases.csv");

/// One good that is priced on its own.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub hardware: Arc<str>,
    pub form: Form,
    pub form_factor: Arc<str>,
    /// The size that quotes carry.
    pub memory_gb: Option<u16>,
    /// Every size under which it is listed; none where any is possible.
    pub sizes: Vec<u16>,
    /// Whether the size is part of its name.
    pub sized: bool,
}

/// Goods that share a short name.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub name: String,
    pub members: Vec<usize>,
    /// Whether the name alone says too little to be priced.
    pub one_of: bool,
}

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Family(usize),
    Member(usize),
}

/// Every name of every GPU, made once for many questions.
#[derive(Debug, Default)]
pub struct GpuNames {
    pub(super) members: Vec<Member>,
    pub(super) families: Vec<Family>,
    /// Full names, vendor and all.
    pub(super) exact: HashMap<String, Target>,
    /// Bare names, the longest first.
    pub(super) words: Vec<(String, Target)>,
    /// Starts of instance types in lower case.
    pub(super) instances: Vec<(String, usize)>,
    /// Starts of names of accelerators that are no GPUs.
    pub(super) others: Vec<(String, String)>,
    /// For "did you mean".
    pub(super) shown: Vec<String>,
}

impl GpuNames {
    /// The names of `gpus` and the bundled aliases.
    ///
    /// # Errors
    /// A bundled alias of a GPU that is not there: none with the bundled `gpus.csv`.
    pub fn new(gpus: &[GpuSpec]) -> Result<Self, Fault> {
        Self::read(gpus, ALIASES)
    }

    /// The same with another alias table.
    ///
    /// # Errors
    /// The first fault of the table.
    pub fn read(gpus: &[GpuSpec], aliases: &str) -> Result<Self, Fault> {
        let mut names = Self::default();
        for gpu in gpus {
            names.add_spec(gpu);
        }
        let table = Table::read(aliases.as_bytes(), &["kind", "alias", "gpu", "source"])?;
        // GPUs first: later rows refer to them in any order.
        for row in table.rows().filter(|row| row.text("kind") == "gpu") {
            names.add_gpu(row)?;
        }
        for row in table.rows().filter(|row| row.text("kind") != "gpu") {
            names.add_alias(row)?;
        }
        names.words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        names.words.dedup_by(|a, b| a.0 == b.0);
        names.instances.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        names.shown.sort();
        names.shown.dedup();
        Ok(names)
    }

    /// The good of this very name.
    pub(super) fn member(&self, hardware: &str) -> Option<usize> {
        self.members.iter().position(|member| &*member.hardware == hardware)
    }

    fn add_spec(&mut self, gpu: &GpuSpec) {
        let memory_gb = gpu.memory.map(|memory| (memory.0 / 1e9).round() as u16);
        let words = gpu.name.split(' ');
        let (family, rest): (Vec<&str>, Vec<&str>) =
            words.partition(|word| form_of(word) == Form::Unknown && !is_size(word));
        let form =
            match (rest.iter().map(|word| form_of(word)).max_by_key(|form| *form as u8), &*gpu.form_factor) {
                (Some(form), _) if form != Form::Unknown => form,
                (_, form) if form.starts_with("SXM") => Form::Sxm,
                (_, "PCIe") => Form::Pcie,
                _ => Form::Unknown,
            };
        let index = self.members.len();
        self.members.push(Member {
            hardware: gpu.name.as_str().into(),
            form,
            form_factor: gpu.form_factor.as_str().into(),
            memory_gb,
            sizes: memory_gb.into_iter().collect(),
            sized: rest.iter().any(|word| is_size(word)),
        });
        self.join(&family.join(" "), index);
        for name in std::iter::once(&gpu.name).chain(&gpu.aliases) {
            self.say(name, Target::Member(index));
            self.exact.insert(squash(name), Target::Member(index));
        }
    }

    fn add_gpu(&mut self, row: Row<'_>) -> Result<(), Fault> {
        let name = row.required("alias")?;
        let mut sizes = vec![];
        for size in split_list(row.required("gpu")?) {
            sizes.push(size.parse().map_err(|_| row.fault("gpu", "is no list of sizes in GB"))?);
        }
        let index = self.members.len();
        self.members.push(Member {
            hardware: name.into(),
            form: Form::Unknown,
            form_factor: "".into(),
            memory_gb: sizes.first().copied().filter(|_| sizes.len() == 1),
            sizes,
            sized: false,
        });
        self.join(name, index);
        self.exact.insert(squash(name), Target::Member(index));
        Ok(())
    }

    fn add_alias(&mut self, row: Row<'_>) -> Result<(), Fault> {
        let (kind, alias, gpu) = (row.required("kind")?, row.required("alias")?, row.required("gpu")?);
        let member = |names: &Self, name: &str| {
            names.member(name).ok_or_else(|| row.fault("gpu", format!("no GPU is named \"{name}\"")))
        };
        match kind {
            "name" => {
                let family = self.families.iter().position(|family| family.name == gpu).map(Target::Family);
                let target = match family {
                    Some(family) if self.member(gpu).is_none() => family,
                    _ => Target::Member(member(self, gpu)?),
                };
                self.say(alias, target);
                self.exact.insert(squash(alias), target);
            }
            "size" => {
                let size = gpu.parse().map_err(|_| row.fault("gpu", "is no size in GB"))?;
                let index = member(self, alias)?;
                self.members.get_mut(index).into_iter().for_each(|member| member.sizes.push(size));
            }
            "family" | "one-of" => {
                let mut members = vec![];
                for name in split_list(gpu) {
                    members.push(member(self, &name)?);
                }
                self.families.push(Family { name: alias.to_owned(), members, one_of: kind == "one-of" });
                self.say(alias, Target::Family(self.families.len() - 1));
            }
            "instance" => {
                let index = member(self, gpu)?;
                self.instances.push((alias.to_lowercase(), index));
            }
            "other" => self.others.push((squash(alias), gpu.to_owned())),
            _ => return Err(row.fault("kind", "is none of name, gpu, size, family, one-of, instance, other")),
        }
        Ok(())
    }

    /// Adds a good to its family.
    fn join(&mut self, family: &str, member: usize) {
        match self.families.iter_mut().find(|known| known.name == family) {
            Some(known) => known.members.push(member),
            None => {
                self.families.push(Family { name: family.to_owned(), members: vec![member], one_of: false });
                self.say(family, Target::Family(self.families.len() - 1));
            }
        }
    }

    fn say(&mut self, name: &str, target: Target) {
        self.words.push((bare(&squash(name)).to_owned(), target));
        self.shown.push(name.to_owned());
    }
}

/// The form factor that a word of a GPU's name in `gpus.csv` says.
fn form_of(word: &str) -> Form {
    match word {
        "NVL" => Form::Nvl,
        "PCIe" => Form::Pcie,
        _ if word.starts_with("SXM") => Form::Sxm,
        _ => Form::Unknown,
    }
}

fn is_size(word: &str) -> bool {
    word.strip_suffix("GB").is_some_and(|size| size.parse::<u16>().is_ok())
}
