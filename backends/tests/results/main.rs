//! The contract of the records, kept by each implementation, and what each promises beyond it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

mod contract;
mod local;
mod redis;
mod redis_cluster;
mod redis_resume;
