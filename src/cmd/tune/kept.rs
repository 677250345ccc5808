//! The file that keeps what the tuner found on an adapter. It is a cache: where it cannot be read or written, the
//! call goes on without it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use mtok::gpu::adapters::Facts;
use mtok::hash;
use mtok::kernel::Kernel;
use mtok::op::{Format, Op};
use mtok::text::slug;
use mtok::tuning::store::{Choices, Key};
use mtok::tuning::{Class, Winner};

use crate::cmd::files::{CACHE_VARIABLE, cache_folder, write_atomic};
use crate::cmd::output::note;

/// Larger files are not ours.
const FILE_MAX: u64 = 4 << 20;

/// What is known of an adapter.
pub struct Kept {
    /// `None` where there is no place for it.
    path: Option<PathBuf>,
    key: Key,
    choices: Choices,
}

impl Kept {
    /// What is known of an adapter; a file that cannot be used is named once.
    pub fn open(adapter: &Facts) -> Self {
        let key = key(adapter);
        let path = cache_folder().map(|folder| folder.join("tuning").join(file_name(&key)));
        if path.is_none() {
            note(&format!(
                "there is no folder for caches; {CACHE_VARIABLE} names one, else nothing is kept of the tuner"
            ));
        }
        let choices = path.as_deref().and_then(|path| read(path, &key)).unwrap_or(Choices::new(key.clone()));
        Self { path, key, choices }
    }

    /// The choice for an op, where there is one among the variants of today.
    pub fn winner(&self, kernel: &Kernel, op: &Op) -> Option<&Winner> {
        self.of(&Class::of(op), &sources(kernel, op.format()))
    }

    /// The choice for a class that was made among these sources.
    pub fn of(&self, class: &Class, sources: &str) -> Option<&Winner> {
        self.choices.get(class, sources)
    }

    /// Keeps a choice, at once and on disk.
    pub fn put(&mut self, winner: Winner) {
        self.change(|choices| choices.put(winner.clone()));
    }

    /// Forgets what is known of kernels.
    pub fn forget(&mut self, kernels: &[&Kernel]) {
        self.change(|choices| choices.forget(|name| kernels.iter().any(|kernel| kernel.name == name)));
    }

    /// Another call may have added to the file since it was read.
    fn change(&mut self, change: impl Fn(&mut Choices)) {
        change(&mut self.choices);
        let Some(path) = self.path.clone() else { return };
        let mut on_disk = read(&path, &self.key).unwrap_or_else(|| self.choices.clone());
        change(&mut on_disk);
        let text = on_disk.text();
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = made.map_err(|error| format!("{}: cannot be written: {error}", path.display()));
        if let Err(reason) =
            written.and_then(|()| write_atomic(&path, text.as_bytes()).map_err(|failure| failure.message))
        {
            note(&format!("{reason}; what the tuner finds is not kept"));
            self.path = None;
        }
    }
}

/// The choices in a file; `None` where there is none, or none that can be used.
fn read(path: &Path, key: &Key) -> Option<Choices> {
    let unusable = |why: String| {
        note(&format!("{}: {why}; it is ignored and made anew", path.display()));
        None
    };
    // Opening a pipe that nobody writes to would wait without end.
    if !path.is_file() {
        return if path.exists() { unusable("is not a plain file".into()) } else { None };
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(FILE_MAX).read_to_string(&mut text));
    if let Err(error) = read {
        return unusable(error.to_string());
    }
    Choices::parse(&text, key).map_or_else(unusable, Some)
}

fn key(adapter: &Facts) -> Key {
    Key {
        adapter: adapter.name.clone(),
        backend: adapter.backend.clone(),
        driver: adapter.driver.clone(),
        driver_info: adapter.driver_info.clone(),
        vendor_id: adapter.vendor_id,
        device_id: adapter.device_id,
    }
}

fn file_name(key: &Key) -> String {
    let Key { adapter, backend, driver, driver_info, vendor_id, device_id } = key;
    let ids = format!("{vendor_id:x} {device_id:x}");
    let texts = [adapter, backend, driver, driver_info, &ids];
    let hash = hash::hash(texts.into_iter().flat_map(|text| [text.as_bytes(), b"\n"]));
    format!("{}-{}.jsonl", slug(adapter), hash::hexadecimal(hash))
}

/// Names the sources of all variants of a kernel for a format.
pub fn sources(kernel: &Kernel, format: Format) -> String {
    let hashes: Vec<String> = kernel
        .variants
        .iter()
        .map(|it| format!("{} {}\n", it.name, kernel.shader_hash(it, format)))
        .collect();
    hash::hexadecimal(hash::hash(hashes.iter().map(String::as_bytes)))
}
