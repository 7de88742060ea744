//! Has a slot notice an allocation that fails, whoever makes it.

include!("../slot/link.rs");

fn main() {
    println!("cargo::rerun-if-changed=../slot/link.rs");
    watch_allocations();
}
