//! The contract of the object stores, kept by each of them, and what each promises beyond it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/bucket.rs"]
mod bucket;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

mod cached;
mod contract;
mod disk;
mod memory;
mod s3;
mod s3_stumbles;
