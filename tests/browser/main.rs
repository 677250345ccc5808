//! The pages in a real browser: what it shows, what its controls compute, and whom it leaves out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod controls;
mod driver;
mod figures;
mod fleet;
mod hostile;
mod layout;
mod loading;
mod page;
mod pictures;
mod sources;
mod tables;
