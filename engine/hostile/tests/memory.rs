//! What files that mean harm take of memory: as much as is allowed, wherever it is asked for in Rust. What codecs in C take
//! has limits of their own, and the tests of their crates.

#![expect(unsafe_code, reason = "an allocator that counts is an allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::Cursor,
    ops::ControlFlow,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use engine::{Fonts, Limits, inspect, render};
use hostile::{File, bombs, damaged, sound};
use schemas::{
    OutputFormat, Request,
    recipe::{Context, Date},
};

const MIB: usize = 1024 * 1024;
/// What a header may take: a block of metadata of each kind, and what is made of it.
const HEADER_BYTES_MAX: usize = 8 * MIB;

/// Counts what is held, and the most that ever was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps the promises that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps the promises that the system's allocator asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the pointer came from the system's allocator, with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `work` holds besides what was held before.
fn most_held<T>(work: impl FnOnce() -> T) -> usize {
    let before = HELD.load(Relaxed);
    MOST.store(before, Relaxed);
    drop(work());
    MOST.load(Relaxed).saturating_sub(before)
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
