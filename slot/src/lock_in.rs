//! What a guest gives up before it sees a byte, for ever.
//!
//! Three walls, one behind the other, so that a kernel that lacks one has two left: limits of the process, Landlock (no
//! path, no network), seccomp (no system call but a handful).

mod landlock;
mod limits;
mod seccomp;
mod signals;

use std::{fmt, io};

use rustix::{
    process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal},
    thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs},
};
use serde::{Deserialize, Serialize};

/// How far a guest is locked in: it depends on the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Memory, files and processes are limited, and no right can be won.
    pub limits: Part,
    /// No path can be opened, and no port reached.
    pub landlock: Part,
    /// Only a handful of system calls is left.
    pub seccomp: Part,
}

/// Whether a part of the lock-in holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// As far as this program knows how.
    Holds,
    /// As far as an older kernel knows how.
    Partly,
    /// The kernel has no such thing, or does not let us.
    Missing,
    /// It was switched off.
    Off,
}

/// Ends this process with its host, whose thread this is about: the guest must not outlive it, stuck or not, and not end
/// before it, whoever is told to stop.
///
/// # Errors
/// When the system refuses.
pub(crate) fn end_with_host() -> io::Result<()> {
    signals::ignore_stops()?;
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Locks this process in. It may take `memory_bytes_max` besides what it has.
pub(crate) fn lock_in(memory_bytes_max: u64) -> Sandbox {
    // Each wall needs what the next one forbids: a path, a file, a system call.
    limits::die_before_host();
    let (rights, address_space) = (give_up_rights(), limits::address_space());
    let closed = limits::close_inherited();
    let landlock = landlock::restrict();
    let limits =
        address_space.and_then(|bytes| limits::set(bytes.saturating_add(memory_bytes_max)));
    Sandbox {
        limits: Part::of(rights.is_ok() && closed.is_ok() && limits.is_ok()),
        landlock,
        seccomp: Part::of(seccomp::restrict().is_ok()),
    }
}

/// No rights of root are left, none can be won, and nobody may look into this process, nor dump it.
fn give_up_rights() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    let none = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, none)?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

impl Sandbox {
    /// A guest that is not locked in.
    pub const OFF: Self = Self {
        limits: Part::Off,
        landlock: Part::Off,
        seccomp: Part::Off,
    };

    /// Whether all of it holds.
    pub fn is_whole(&self) -> bool {
        [self.limits, self.landlock, self.seccomp]
            .iter()
            .all(|part| *part == Part::Holds)
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            limits,
            landlock,
            seccomp,
        } = self;
        write!(f, "limits {limits}, landlock {landlock}, seccomp {seccomp}")
    }
}

impl Part {
    const fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Missing }
    }

    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Partly => "partly",
            Self::Missing => "missing",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
