//! Rent or buy: a cost with its interval against the market price of the same open weights; and the market tracker.

pub mod all;
pub mod budget;
pub mod claim;
pub mod compare;
pub mod decide;
pub mod drift;
pub mod figure;
pub mod fleet;
pub mod forecast;
pub mod indicators;
mod matched;
pub mod month;
pub mod paradox;
mod policy;
mod rent;
pub mod rental;
pub mod row;
pub mod spend;
pub mod storage;
pub mod tokens;
pub mod tornado;
pub mod trend;
pub mod usage;
mod verdict;

pub use policy::Policy;
pub use verdict::Verdict;
