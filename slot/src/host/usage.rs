//! What a guest has used, told by the kernel and not by the guest.

use std::{fs::File, io, os::unix::fs::FileExt as _, process::Child, time::Duration};

use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Pid, Resource, Rlimit, getrlimit, prlimit},
};

/// Longer than any line of numbers.
const LINE_BYTES_MAX: usize = 1024;

/// The files that tell it, opened while that is allowed.
#[derive(Debug)]
pub(super) struct Usage {
    pid: Pid,
    stat: File,
    statm: File,
}

impl Usage {
    /// # Errors
    /// When the system does not tell it.
    pub(super) fn of(child: &Child) -> io::Result<Self> {
        let open = |name| File::open(format!("/proc/{}/{name}", child.id()));
        Ok(Self {
            pid: Pid::from_child(child),
            stat: open("stat")?,
            statm: open("statm")?,
        })
    }

    /// Lets it have as much CPU time from now on, and up to two seconds more: the kernel counts whole ones. Says what it may
    /// have had in all when it is told so; it need not listen, so that is for its host to watch.
    ///
    /// # Errors
    /// When the system does not tell what it had, or does not let us.
    pub(super) fn allow_cpu(&self, cpu_secs_max: u64) -> io::Result<Duration> {
        let until = self.cpu_time()?.as_secs().saturating_add(cpu_secs_max) + 2;
        // Only root could raise the hard limit, so it stays the host's own.
        let maximum = getrlimit(Resource::Cpu).maximum;
        let limit = Rlimit {
            current: Some(maximum.map_or(until, |max| until.min(max))),
            maximum,
        };
        prlimit(Some(self.pid), Resource::Cpu, limit)?;
        Ok(Duration::from_secs(until))
    }

    /// Whether it has had more CPU time than `allowed`, and had a second to end of it.
    pub(super) fn ignores(&self, allowed: Duration) -> bool {
        let end = allowed.saturating_add(Duration::from_secs(1));
        self.cpu_time().is_ok_and(|had| had > end)
    }

    /// Bytes that it holds of the machine's memory.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn resident_bytes(&self) -> io::Result<u64> {
        let line = read(&self.statm)?;
        Ok(number(line.split(' ').nth(1))? * page_size() as u64)
    }

    fn cpu_time(&self) -> io::Result<Duration> {
        let line = read(&self.stat)?;
        // The name of the program stands in parentheses, and may hold anything. User and system time are the 14th and the
        // 15th of all fields.
        let (_, fields) = line.rsplit_once(") ").ok_or(io::ErrorKind::InvalidData)?;
        let mut fields = fields.split(' ').skip(11);
        let ticks = number(fields.next())? + number(fields.next())?;
        Ok(Duration::from_millis(
            ticks * 1000 / clock_ticks_per_second(),
        ))
    }
}

fn read(file: &File) -> io::Result<String> {
    let mut line = [0; LINE_BYTES_MAX];
    let length = file.read_at(&mut line, 0)?;
    Ok(String::from_utf8_lossy(&line[..length]).into_owned())
}

fn number(field: Option<&str>) -> io::Result<u64> {
    let number = field.and_then(|field| field.parse().ok());
    number.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
