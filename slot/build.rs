//! Compiles the watch over allocations, and has this crate's own programs linked with it as `nws` is.

use std::env;

include!("link.rs");

fn main() {
    println!("cargo::rerun-if-changed=link.rs");
    println!("cargo::rerun-if-changed=src/scarce.c");
    cc::Build::new()
        .file("src/scarce.c")
        .warnings_into_errors(env::var_os("CI").is_some())
        .compile("scarce");
    watch_allocations();
}
