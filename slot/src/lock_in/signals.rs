//! Signals that are meant for the host.

use std::io;

use libc::{SIG_ERR, SIG_IGN, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// What a terminal sends to all processes of its group, and an init system to all of a service.
const STOPS: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// Leaves it to the host how this process ends: who stops a host stops its guests too, and one that has a picture in hand
/// would be dead before its host has begun to drain.
///
/// # Errors
/// When the system refuses.
pub(super) fn ignore_stops() -> io::Result<()> {
    STOPS.into_iter().try_for_each(ignore)
}

fn ignore(signal: i32) -> io::Result<()> {
    #[expect(unsafe_code, reason = "no safe function ignores a signal")]
    // SAFETY: to ignore a signal installs no handler, so nothing of ours runs at a moment when it must not.
    let before = unsafe { libc::signal(signal, SIG_IGN) };
    if before == SIG_ERR {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
