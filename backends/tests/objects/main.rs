//! The contract of the object stores, kept by each of them, and what each promises beyond it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/services.rs"]
mod services;

mod cached;
mod contract;
mod disk;
mod s3;
