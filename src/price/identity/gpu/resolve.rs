//! From a name with its trimmings and what else a row says to one good, or to a family.

use super::names::{Family, Member, Target};
use super::spelling::{Form, MAX_NAME_BYTES, Trimmings, bare, form_in, squash, trimmings};
use super::{Gpu, GpuNames, MEMORY_TOLERANCE, NotGpu, Seen};
use crate::price::Rule;
use crate::text::{self, inert};

impl GpuNames {
    /// Which GPU a row means. `nearest` asks for the names that resemble an unknown one.
    ///
    /// # Errors
    /// Unknown or ambiguous, of another memory size than any such GPU, or no GPU at all.
    pub fn identify(&self, seen: &Seen<'_>, nearest: bool) -> Result<Gpu, NotGpu> {
        let (target, named) = self.named(seen.name, nearest)?;
        let more = match seen.also {
            "" => None,
            also => self.named(also, false).ok(),
        };
        let mut said = named;
        let mut target = target;
        if let Some((other, of_other)) = more {
            if !self.agree(target, other) {
                let [a, b] = [seen.name, seen.also].map(shown);
                return Err(identity(format!("{a} and {b} in one row are two GPUs")));
            }
            if said.form == Form::Unknown {
                said.form = of_other.form;
            }
            if matches!((target, other), (Target::Family(_), Target::Member(_))) {
                target = other;
            }
        }
        if said.form == Form::Unknown {
            said.form = form_in(seen.instance);
        }
        let family = match target {
            Target::Family(index) => self.families.get(index),
            Target::Member(_) => None,
        };
        match (target, family) {
            (Target::Member(index), _) => self.one(index, said, seen),
            (_, Some(family)) => self.of_family(family, said, seen),
            (_, None) => Err(identity(format!("unknown GPU {}", shown(seen.name)))),
        }
    }

    /// What a name stands for by itself.
    fn named(&self, name: &str, nearest: bool) -> Result<(Target, Trimmings), NotGpu> {
        let squashed = if name.len() <= MAX_NAME_BYTES { squash(name) } else { String::new() };
        let plain = bare(&squashed);
        if let Some((_, what)) = self.others.iter().find(|(start, _)| plain.starts_with(start.as_str())) {
            return Err(NotGpu {
                rule: Rule::NotAnOffer,
                what: format!("{} is {what}, no GPU", shown(name)),
            });
        }
        if let Some(target) = self.exact.get(&squashed).or_else(|| self.exact.get(plain)) {
            return Ok((*target, Trimmings::default()));
        }
        let read = self.words.iter().find_map(|(word, target)| {
            let rest = plain.strip_prefix(word.as_str()).filter(|_| !word.is_empty())?;
            // The generation of the socket belongs to it, not to the memory: SXM5 80 GB.
            let socket = if word.ends_with("sxm") { "sxm" } else { "" };
            let rest = plain.get(plain.len() - rest.len() - socket.len()..)?;
            Some((*target, trimmings(rest)?))
        });
        read.ok_or_else(|| identity(self.unknown(name, nearest)))
    }

    fn unknown(&self, name: &str, nearest: bool) -> String {
        let cut: String = name.chars().take(MAX_NAME_BYTES).collect();
        let near = match nearest {
            true => text::nearest(&cut, self.shown.iter().map(String::as_str)),
            false => vec![],
        };
        match near.is_empty() {
            true => format!("unknown GPU {}", shown(name)),
            false => format!("unknown GPU {}; nearest: {}", shown(name), near.join(", ")),
        }
    }

    /// Whether two names may be of one good.
    fn agree(&self, a: Target, b: Target) -> bool {
        let members = |target| match target {
            Target::Member(index) => vec![index],
            Target::Family(index) => {
                self.families.get(index).map(|family| family.members.clone()).unwrap_or_default()
            }
        };
        let of_b = members(b);
        members(a).iter().any(|member| of_b.contains(member))
    }

    /// One good: only its memory can be wrong.
    fn one(&self, index: usize, said: Trimmings, seen: &Seen<'_>) -> Result<Gpu, NotGpu> {
        let candidates: Vec<&Member> = self.members.get(index).into_iter().collect();
        let fitting = by_memory(&candidates, said, seen)?;
        match fitting.first() {
            Some((member, size)) => Ok(gpu(member, *size)),
            None => Err(identity(format!("unknown GPU {}", shown(seen.name)))),
        }
    }

    fn of_family(&self, family: &Family, said: Trimmings, seen: &Seen<'_>) -> Result<Gpu, NotGpu> {
        let all: Vec<&Member> = family.members.iter().filter_map(|index| self.members.get(*index)).collect();
        let candidates = by_form(&all, said.form);
        if candidates.is_empty() {
            let what = format!("{} is not known as {:?}", family.name, said.form);
            return Err(identity(what));
        }
        let fitting = by_memory(&candidates, said, seen)?;
        if let [(member, size)] = fitting.as_slice() {
            return Ok(gpu(member, *size));
        }
        if let Some((member, size)) = self.by_instance(&fitting, seen) {
            return Ok(gpu(member, size));
        }
        let names: Vec<&str> = fitting.iter().map(|(member, _)| &*member.hardware).collect();
        if family.one_of {
            let what = format!("{} may be {}: its memory would tell", shown(seen.name), names.join(" or "));
            return Err(identity(what));
        }
        Ok(whole_family(family, &fitting))
    }

    /// The one that is known to be in instances of this type.
    fn by_instance<'m>(
        &self,
        fitting: &[(&'m Member, Option<u16>)],
        seen: &Seen<'_>,
    ) -> Option<(&'m Member, Option<u16>)> {
        let instance: String = seen.instance.chars().take(MAX_NAME_BYTES).collect::<String>().to_lowercase();
        let (_, known) = self.instances.iter().find(|(start, _)| instance.starts_with(start.as_str()))?;
        let known = self.members.get(*known)?;
        fitting.iter().find(|(member, _)| member.hardware == known.hardware).copied()
    }
}

/// The goods that may be mounted like this. A card by another name is still a card: H200 PCIe is H200 NVL.
fn by_form<'m>(members: &[&'m Member], form: Form) -> Vec<&'m Member> {
    let of = |fits: &dyn Fn(&Member) -> bool| {
        members.iter().copied().filter(|member| fits(member)).collect::<Vec<_>>()
    };
    let exactly = of(&|member| form == Form::Unknown || member.form == form);
    match (exactly.is_empty(), form) {
        (true, Form::Pcie) => of(&|member| matches!(member.form, Form::Nvl | Form::Unknown)),
        (true, _) => of(&|member| member.form == Form::Unknown),
        (false, _) => exactly,
    }
}

/// The goods that have this much memory, each with the size that fits.
fn by_memory<'m>(
    members: &[&'m Member],
    said: Trimmings,
    seen: &Seen<'_>,
) -> Result<Vec<(&'m Member, Option<u16>)>, NotGpu> {
    let mut fitting: Vec<(&Member, Option<u16>)> =
        members.iter().map(|member| (*member, member.memory_gb)).collect();
    let whole = seen.memory_gb;
    // A total is now and then written where the size of one is expected.
    let shares = [whole, whole.map(|whole| whole / f64::from(seen.count.max(1)))];
    let named = said.memory_gb.map(f64::from);
    for sizes in [[named, named], shares] {
        let [Some(size), Some(share)] = sizes else { continue };
        let fits = |size| {
            let snapped =
                |(member, _): &(&'m Member, Option<u16>)| Some((*member, Some(snap(member, size)?)));
            fitting.iter().filter_map(snapped).collect::<Vec<_>>()
        };
        let found = Some(fits(size)).filter(|found| !found.is_empty()).unwrap_or_else(|| fits(share));
        if found.is_empty() {
            let mut known: Vec<u16> = fitting.iter().flat_map(|(member, _)| member.sizes.clone()).collect();
            known.sort_unstable();
            known.dedup();
            let known: Vec<String> = known.iter().map(u16::to_string).collect();
            let what = format!("{} has {} GB, the row says {size}", shown(seen.name), known.join(" or "));
            return Err(NotGpu { rule: Rule::Memory, what });
        }
        fitting = found;
    }
    Ok(fitting)
}

/// The size of a good that a listed size stands for.
fn snap(member: &Member, listed: f64) -> Option<u16> {
    if member.sizes.is_empty() {
        return (listed.is_finite() && (1.0..1024.0).contains(&listed)).then(|| listed.round() as u16);
    }
    let off = |size: u16| (listed - f64::from(size)).abs();
    let near = member.sizes.iter().copied().filter(|size| off(*size) <= MEMORY_TOLERANCE * f64::from(*size));
    let nearest = near.min_by(|a, b| off(*a).total_cmp(&off(*b)))?;
    Some(member.memory_gb.unwrap_or(nearest))
}

fn gpu(member: &Member, memory_gb: Option<u16>) -> Gpu {
    Gpu { hardware: member.hardware.clone(), form_factor: member.form_factor.clone(), memory_gb }
}

/// What is left to say where several goods fit.
fn whole_family(family: &Family, fitting: &[(&Member, Option<u16>)]) -> Gpu {
    let first = fitting.first().and_then(|(_, size)| *size);
    let memory_gb = first.filter(|_| fitting.iter().all(|(_, size)| *size == first));
    let sized = fitting.iter().any(|(member, _)| member.sized);
    let hardware = match memory_gb.filter(|_| sized) {
        Some(size) => format!("{} {size}GB", family.name),
        None => family.name.clone(),
    };
    Gpu { hardware: hardware.into(), form_factor: "".into(), memory_gb }
}

fn identity(what: String) -> NotGpu {
    NotGpu { rule: Rule::Identity, what }
}

fn shown(name: &str) -> String {
    let cut: String = name.chars().take(60).collect();
    format!("\"{}\"", inert(&cut))
}
