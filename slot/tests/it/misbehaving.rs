//! A guest that misbehaves is told apart, and the next picture finds another one.

use std::{
    ops::ControlFlow,
    panic::{self, AssertUnwindSafe},
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use engine::Limits;
use schemas::Step;
use slot::{Fault, Renderer as _, Watch};

use crate::support::{Impatient, Until, guests, guests_with, photo, recipe, task, told};

/// Far too little for a guest that wants all there is, and enough for a small photo.
const MEMORY_BYTES_MAX: u64 = 32 << 20;

#[test]
fn a_guest_that_crashes_is_told_and_replaced() {
    let guests = guests(1);
    for (order, expected) in [
        ("abort", "signal: 6"),
        ("panic", "exit status: 101"),
        ("fault", "signal: 11"),
    ] {
        let Err(Fault::Crashed(how)) = told(&guests, order) else {
            panic!("{order}: no crash");
        };
        assert!(how.starts_with(expected), "{order}: {how}");
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn a_guest_that_is_stuck_is_killed_when_it_is_not_wanted_any_more() {
    let guests = guests(1);
    told(&guests, "fine").unwrap();
    for order in ["hang", "burn"] {
        let recipe = recipe(&[("wm_text", order)]);
        let watch = &mut Impatient::after(Duration::from_millis(100));
        let stopped = guests.render(&task(&photo(), &recipe), watch);
        assert_eq!(stopped, Err(Fault::Stopped), "{order}");
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn a_guest_that_dies_when_it_is_told_to_stop_has_stopped() {
    let guests = guests(1);
    told(&guests, "fine").unwrap();
    let recipe = recipe(&[("wm_text", "die when stopped")]);
    let watch = &mut Impatient::after(Duration::ZERO);
    let stopped = guests.render(&task(&photo(), &recipe), watch);
    assert_eq!(stopped, Err(Fault::Stopped));
    told(&guests, "fine").unwrap();
}

#[test]
fn memory_without_end_is_no_crash() {
    let guests = guests_with(|options| {
        options.limits = Limits {
            decoded_bytes_max: MEMORY_BYTES_MAX,
            ..Limits::default()
        };
    });
    for order in ["allocate", "allocate in pieces"] {
        let exceeded = told(&guests, order);
        assert!(
            matches!(exceeded, Err(Fault::MemoryExceeded { limit_bytes }) if limit_bytes > MEMORY_BYTES_MAX),
            "{order}: {exceeded:?}"
        );
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn what_a_guest_kept_of_other_pictures_is_not_held_against_one() {
    let guests = guests_with(|options| {
        options.places = 0; // one guest, the spare
        options.limits = Limits {
            decoded_bytes_max: MEMORY_BYTES_MAX,
            ..Limits::default()
        };
    });
    told(&guests, "keep").unwrap();
    told(&guests, "need").unwrap();
}

#[test]
fn who_watches_and_panics_leaves_the_place_to_others() {
    struct Clumsy;

    impl Watch for Clumsy {
        fn begin(&mut self, _: Step) -> ControlFlow<()> {
            panic!("half way through");
        }

        fn go_on(&mut self) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    let guests = guests_with(|options| options.places = 0);
    let (photo, recipe) = (photo(), recipe(&[]));
    let render = || guests.render(&task(&photo, &recipe), &mut Clumsy);
    panic::catch_unwind(AssertUnwindSafe(render)).unwrap_err();
    let watch = &mut Impatient::after(Duration::from_secs(60));
    guests.render(&task(&photo, &recipe), watch).unwrap();
}

#[test]
fn cpu_time_without_end_is_no_crash() {
    let guests = guests_with(|options| options.cpu_secs_max = 1);
    for order in ["burn", "burn on"] {
        let exceeded = told(&guests, order);
        assert_eq!(
            exceeded,
            Err(Fault::CpuExceeded { limit_secs: 1 }),
            "{order}"
        );
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn a_host_believes_no_lie() {
    // One guest, so that each finds the result of a picture before in its memory.
    let guests = guests(0);
    told(&guests, "fine").unwrap();
    for (lie, told_as) in [
        ("no JSON", "no message"),
        ("no word", "no message"),
        ("nothing", "no message"),
        ("a text", "no message"),
        ("too long a message", "no message"),
        ("step back", "Decode after Some(Encode)"),
        ("foreign step", "Total after None"),
        ("ready again", "at the wrong time"),
        ("stopped", "nobody had"),
        ("too much", "longer than there is room"),
        ("another format", "another format"),
        ("no picture", "another format"),
        ("no sides", "not in its box"),
        ("too wide", "not in its box"),
        ("no reason", "without a reason"),
    ] {
        let Err(Fault::Crashed(how)) = told(&guests, lie) else {
            panic!("{lie}: believed");
        };
        assert!(how.starts_with("it said what no slot says: "), "{how}");
        assert!(how.ends_with(told_as), "{lie}: {how}");
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn a_guest_that_shouts_is_not_listened_to() {
    let guests = guests(1);
    told(&guests, "fine").unwrap();
    let recipe = recipe(&[("wm_text", "shout")]);
    let watch = &mut Impatient::after(Duration::from_millis(100));
    // It waits for somebody who reads what it shouts, and that is nobody.
    let stopped = guests.render(&task(&photo(), &recipe), watch);
    assert_eq!(stopped, Err(Fault::Stopped));
    told(&guests, "fine").unwrap();
}

#[test]
fn neighbours_finish_meanwhile() {
    let guests = guests(2);
    let (begun, are_done) = (Barrier::new(2), AtomicBool::new(false));
    thread::scope(|scope| {
        let hung = scope.spawn(|| {
            let recipe = recipe(&[("wm_text", "hang")]);
            let watch = &mut Until::begun(&begun, &are_done);
            guests.render(&task(&photo(), &recipe), watch)
        });
        begun.wait();
        for order in ["fine", "abort", "fine", "no JSON", "fine"] {
            assert_eq!(told(&guests, order).is_ok(), order == "fine", "{order}");
        }
        assert!(!hung.is_finished());
        are_done.store(true, Ordering::SeqCst);
        assert_eq!(hung.join().unwrap(), Err(Fault::Stopped));
    });
}
