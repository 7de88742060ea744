//! What files that mean harm take of memory: as much as is allowed, wherever it is asked for in Rust. What codecs in C take
//! has limits of their own, and the tests of their crates.

use std::{io::Cursor, ops::ControlFlow};

use engine::{Fonts, Limits, inspect, render};
use hostile::{File, bombs, damaged, sound};
use peak_alloc::PeakAlloc;
use schemas::{
    OutputFormat, Request,
    recipe::{Context, Date},
};

const MIB: usize = 1024 * 1024;
/// What a header may take: a block of metadata of each kind, and what is made of it.
const HEADER_BYTES_MAX: usize = 8 * MIB;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The most that `work` holds besides what was held before.
fn most_held<T>(work: impl FnOnce() -> T) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    drop(work());
    HEAP.peak_usage() - before
}

/// One test, for what others hold would count.
#[test]
fn no_file_takes_more_memory_than_is_allowed() {
    let limits = Limits::default();
    let fonts = Fonts::embedded();
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    let recipe = Request::default().resolve(&context).unwrap();
    let on_step = &mut |_| ControlFlow::Continue(());
    for file in sound().into_iter().chain(bombs()).chain(damaged(6, 200)) {
        let File { kind, name, .. } = &file;
        let read = most_held(|| inspect(Cursor::new(&file.bytes), &limits));
        assert!(
            read <= HEADER_BYTES_MAX,
            "{kind}, {name}: its header takes {read} bytes"
        );
        let worked = most_held(|| render(&file.bytes, &recipe, &fonts, &limits, on_step));
        assert!(
            worked as u64 <= limits.decoded_bytes_max,
            "{kind}, {name}: it takes {worked} bytes"
        );
    }
}
