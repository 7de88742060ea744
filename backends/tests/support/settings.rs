//! Where the real servers are.

/// A setting that names a server.
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `ops/test`, or `ops/services run cargo test`")
    })
}
