//! Limits of the process.

use std::{fs, io};

use rustix::process::{Resource, Rlimit, setrlimit};

/// Standard input, output and error: the channel, the memory, and last words. Nothing else is opened ever again.
const FILES_MAX: u64 = 3;

/// Before all other processes, where memory runs out.
const OOM_SCORE_MAX: &str = "1000";

/// Closes whatever else was open where the host was started: a file that its parent did not mean for anybody.
///
/// # Errors
/// When the kernel is older than 5.9.
pub(super) fn close_inherited() -> io::Result<()> {
    #[expect(
        unsafe_code,
        reason = "no safe function closes what nobody here opened"
    )]
    // SAFETY: whatever this program opened itself is closed again by now, so no owner is left behind.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, FILES_MAX, u64::from(u32::MAX), 0) };
    if closed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Sets every limit. CPU time is not among them: the host raises it picture by picture.
///
/// # Errors
/// When the system refuses.
pub(super) fn set(address_space_bytes_max: u64) -> io::Result<()> {
    let limits = [
        (Resource::As, address_space_bytes_max),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Memlock, 0),
        // Without rights no process can be made either; root's are not counted, and seccomp allows none.
        (Resource::Nproc, 0),
        (Resource::Nofile, FILES_MAX),
    ];
    for (resource, max) in limits {
        let limit = Rlimit {
            current: Some(max),
            maximum: Some(max),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

/// Where memory runs out, the system ends this process and no other: it costs one attempt, its host all that are in hand.
pub(super) fn die_before_host() {
    // Where nobody can ask for that, the largest goes first, and that is a guest with a picture as a rule.
    drop(fs::write("/proc/self/oom_score_adj", OOM_SCORE_MAX));
}

/// Bytes of addresses that this process has now: the program, its fonts and what it shares with its host.
///
/// # Errors
/// When the system does not tell.
pub(super) fn address_space() -> io::Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').next().and_then(|pages| pages.parse().ok());
    let pages: u64 = pages.ok_or(io::ErrorKind::InvalidData)?;
    Ok(pages * rustix::param::page_size() as u64)
}
