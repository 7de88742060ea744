//! What `nws` does, a command each.

pub(crate) mod apply;
pub(crate) mod config;
pub(crate) mod dlq;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod photos;
pub(crate) mod serve;
pub(crate) mod slot;
pub(crate) mod submit;
