//! Whose and what: names that differ from file to file as the ones that mtok knows.

pub mod gpu;
pub mod model;
pub mod provider;
pub mod seller;
