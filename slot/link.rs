/// Leads every allocation of a program's own code, C or Rust, past `slot/src/scarce.c`, whose functions have these names
/// with `__wrap_` before them. A library cannot ask for that itself: the build script of each program that is a guest does.
fn watch_allocations() {
    for function in [
        "malloc",
        "calloc",
        "realloc",
        "posix_memalign",
        "aligned_alloc",
    ] {
        println!("cargo::rustc-link-arg-bins=-Wl,--wrap={function}");
    }
}
