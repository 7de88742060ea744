//! What a guest that was taken over can reach: nothing.

use std::io;

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{FdFlags, fcntl_setfd},
};
use slot::{Fault, Part, Sandbox, host::Health};

use crate::support::{guests, guests_with, told};

/// What this is tested on. On a lesser kernel the tests below could not fail.
const WHOLE: Sandbox = Sandbox {
    limits: Part::Holds,
    landlock: Part::Holds,
    seccomp: Part::Holds,
};

/// Generous: the machine may be busy.
const WITHIN: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

/// What no guest needs.
const FORBIDDEN: [&str; 5] = ["open", "write", "bind", "fork", "thread"];

#[test]
fn a_guest_that_reaches_out_dies_of_it() {
    let guests = guests(1);
    for reach in FORBIDDEN {
        let expected = "it asked for a system call that it may not have";
        assert_eq!(
            told(&guests, reach),
            Err(Fault::Crashed(expected.to_owned())),
            "{reach}"
        );
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn a_guest_cannot_look_as_if_somebody_else_had_killed_it() {
    let killed = told(&guests(1), "kill itself");
    assert!(matches!(killed, Err(Fault::Crashed(_))), "{killed:?}");
}

#[test]
fn a_guest_has_no_file_that_its_host_was_started_with() {
    let (ours, theirs) = io::pipe().unwrap();
    fcntl_setfd(&theirs, FdFlags::empty()).unwrap(); // as whoever starts a host may have forgotten
    let guests = guests(1);
    told(&guests, "fine").unwrap();
    drop(theirs);
    let mut end = [PollFd::new(&ours, PollFlags::IN)];
    assert_eq!(poll(&mut end, Some(&WITHIN)), Ok(1), "somebody has it");
    told(&guests, "fine").unwrap();
}

#[test]
fn what_holds_is_told() {
    let guests = guests(1);
    told(&guests, "fine").unwrap();
    let well = Health {
        sandbox: Some(WHOLE),
        failing: None,
    };
    assert_eq!(guests.health(), well);
}

#[test]
fn without_the_lock_in_a_guest_reaches_what_it_wants_and_that_is_told_too() {
    let guests = guests_with(|options| options.is_locked_in = false);
    for reach in FORBIDDEN {
        let done = told(&guests, reach);
        assert!(matches!(done, Err(Fault::Refused(_))), "{reach}: {done:?}");
    }
    assert_eq!(guests.health().sandbox, Some(Sandbox::OFF));
}
