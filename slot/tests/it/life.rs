//! Guests come, wait, are stopped, wear out and go.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    ops::ControlFlow,
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::park_timeout,
    time::{Duration, Instant},
};

use image::ImageFormat;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};
use schemas::Step;
use slot::{Fault, Guests, Renderer as _, Watch};

use crate::support::{
    Impatient, Until, encoded, guests_with, landscape, photo, recipe, render, task, told,
};

/// Generous: the machine may be busy.
const WITHIN: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

#[test]
fn who_stops_between_two_steps_lives_on() {
    let family = Family::new();
    let guests = guests_with(|options| {
        options.places = 0; // one guest, the spare
        options.arguments = vec![family.name.clone()];
        options.stop_max = Duration::from_secs(60); // a busy machine may be late
    });
    let photo = photo();
    told(&guests, "fine").unwrap();
    let before = family.members();
    for _ in 0..20 {
        // It asks until it hears that nobody wants more: however late the word is, it comes.
        let recipe = recipe(&[("wm_text", "ask")]);
        let stopped = guests.render(&task(&photo, &recipe), &mut StopsAt(Step::Decode));
        assert_eq!(stopped, Err(Fault::Stopped));
    }
    told(&guests, "fine").unwrap();
    assert_eq!(family.members(), before);
}

#[test]
fn a_program_that_dies_at_its_start_is_told_and_not_started_in_a_storm() {
    let guests = guests_with(|options| options.arguments = vec!["dies-at-start".to_owned()]);
    let Err(Fault::NoSlot(why)) = told(&guests, "fine") else {
        panic!("there is a slot");
    };
    assert!(why.contains("exit status: 3"), "{why}");
    assert_eq!(guests.health().failing, Some(why));
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let guests = guests_with(|options| options.program = PathBuf::from("/nowhere/nws"));
    let missing = told(&guests, "fine");
    assert!(matches!(missing, Err(Fault::NoSlot(_))), "{missing:?}");
}

#[test]
fn a_guest_that_died_while_it_waited_costs_no_picture_anything() {
    let family = Family::new();
    // There is one, the spare: nobody is still being started who would be killed at that.
    let guests = guests_with(|options| {
        options.places = 0;
        options.arguments = vec![family.name.clone()];
    });
    told(&guests, "fine").unwrap();
    for pid in family.members() {
        let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        until_gone(process);
    }
    for _ in 0..3 {
        told(&guests, "fine").unwrap();
    }
}

#[test]
fn guests_leave_it_to_their_host_how_they_end() {
    let (family, guests) = family_of_one();
    told(&guests, "fine").unwrap();
    let before = family.members();
    for stop in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
        kill_process(before[0], stop).unwrap();
    }
    told(&guests, "fine").unwrap();
    assert_eq!(family.members(), before);
}

#[test]
fn a_guest_that_is_killed_from_outside_is_told_from_one_that_crashed() {
    let (family, guests) = family_of_one();
    let killed = guests.render(
        &task(&photo(), &recipe(&[("wm_text", "hang")])),
        &mut Killer(&family),
    );
    assert_eq!(killed, Err(Fault::Killed));
    told(&guests, "fine").unwrap();
}

#[test]
fn a_guest_that_died_while_it_waited_is_replaced_before_there_is_work() {
    let (family, guests) = family_of_one();
    told(&guests, "fine").unwrap();
    let before = family.members();
    kill_process(before[0], Signal::KILL).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while family.members().is_empty() || family.members() == before {
        assert!(Instant::now() < patience, "nobody looks");
        park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn who_waits_for_a_guest_may_stop_waiting() {
    let guests = guests_with(|options| options.places = 0);
    let (begun, is_over) = (Barrier::new(2), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let hung = scope.spawn(|| {
            let recipe = recipe(&[("wm_text", "hang")]);
            let watch = &mut Until::begun(&begun, &is_over);
            guests.render(&task(&photo(), &recipe), watch)
        });
        begun.wait();
        let recipe = recipe(&[]);
        let watch = &mut Impatient::after(Duration::ZERO);
        let waited = guests.render(&task(&photo(), &recipe), watch);
        assert_eq!(waited, Err(Fault::Stopped));
        assert!(!hung.is_finished());
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(hung.join().unwrap(), Err(Fault::Stopped));
    });
}

#[test]
fn a_result_that_is_too_long_is_told_with_the_limit() {
    let guests = guests_with(|options| options.result_bytes_max = 1000);
    let Err(Fault::ResultTooLong {
        size_bytes,
        size_bytes_max: 1000,
    }) = told(&guests, "fine")
    else {
        panic!("it fits");
    };
    assert!(size_bytes > 1000);
}

#[test]
fn a_guest_that_keeps_too_much_is_replaced() {
    let (family, guests) = family_of_one();
    told(&guests, "keep").unwrap();
    let full = family.watched().pop().unwrap();
    told(&guests, "keep").unwrap();
    until_gone(full);
    told(&guests, "fine").unwrap();
}

#[test]
fn a_large_picture_does_not_stay_in_memory() {
    let (family, guests) = family_of_one();
    let png = encoded(&landscape(9000, 6000), ImageFormat::Png);
    let fields = [("wm_format", "png"), ("width", "9000"), ("height", "6000")];
    render(&guests, &png, &recipe(&fields)).unwrap();
    let given_back = || {
        family
            .members()
            .into_iter()
            .map(resident_bytes)
            .all(|bytes| bytes < 192 << 20)
    };
    let begun = Instant::now();
    while !given_back() {
        assert!(begun.elapsed().as_secs() < 60, "it stays");
        std::thread::yield_now();
    }
    told(&guests, "fine").unwrap();
}

#[test]
fn guests_end_when_nobody_needs_them_any_more() {
    let (family, guests) = family();
    told(&guests, "fine").unwrap();
    let members = family.watched();
    assert!(!members.is_empty());
    drop(guests);
    members.into_iter().for_each(until_gone);
}

#[test]
fn guests_end_with_a_host_that_is_killed_whatever_they_are_at() {
    let family = Family::new();
    let mut host = Command::new(env!("CARGO_BIN_EXE_unruly-slot"))
        .args(["hosts", &family.name])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(host.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "two guests are stuck");
    let members = family.watched();
    assert!(members.len() >= 2);
    host.kill().unwrap();
    members.into_iter().for_each(until_gone);
    host.wait().unwrap();
}

/// Guests that are known from those of other tests by an argument.
struct Family {
    name: String,
}

fn family() -> (Family, Guests) {
    let family = Family::new();
    let guests = guests_with(|options| options.arguments = vec![family.name.clone()]);
    (family, guests)
}

/// There is one, so it is the one that gets the work.
fn family_of_one() -> (Family, Guests) {
    let family = Family::new();
    let guests = guests_with(|options| {
        options.places = 0;
        options.arguments = vec![family.name.clone()];
        options.original_bytes_max = 128 << 20;
        options.result_bytes_max = 128 << 20;
    });
    (family, guests)
}

impl Family {
    fn new() -> Self {
        static FAMILIES: AtomicU32 = AtomicU32::new(0);
        let number = FAMILIES.fetch_add(1, Ordering::Relaxed);
        Self {
            name: format!("family-{}-{number}", std::process::id()),
        }
    }

    fn members(&self) -> Vec<Pid> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_member = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut words = line.split(|byte| *byte == 0);
            words.nth(1) == Some(self.name.as_bytes())
        };
        pids.filter(is_member).filter_map(Pid::from_raw).collect()
    }

    fn watched(&self) -> Vec<OwnedFd> {
        let members = self.members().into_iter();
        members
            .filter_map(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) // one may have ended since
            .collect()
    }
}

/// Nothing for one that has ended.
fn resident_bytes(pid: Pid) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero()));
    let statm = statm.unwrap_or_default();
    let pages = statm.split(' ').nth(1);
    let pages: u64 = pages.map_or(0, |pages| pages.parse().unwrap());
    pages * rustix::param::page_size() as u64
}

#[expect(clippy::needless_pass_by_value, reason = "it is of no use afterwards")]
fn until_gone(process: OwnedFd) {
    let mut gone = [PollFd::new(&process, PollFlags::IN)];
    assert_eq!(poll(&mut gone, Some(&WITHIN)), Ok(1), "it is still there");
}

/// Kills whoever begins.
struct Killer<'f>(&'f Family);

impl Watch for Killer<'_> {
    fn begin(&mut self, _: Step) -> ControlFlow<()> {
        for pid in self.0.members() {
            kill_process(pid, Signal::KILL).unwrap();
        }
        ControlFlow::Continue(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

struct StopsAt(Step);

impl Watch for StopsAt {
    fn begin(&mut self, step: Step) -> ControlFlow<()> {
        if step < self.0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
