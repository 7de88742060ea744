//! A worker and its children, seen through `/proc`.

use std::{collections::BTreeSet, fs, io};

use anyhow::Context as _;

use crate::process::Process;

/// `ESRCH`, for which [`io::ErrorKind`] has no name.
const NO_SUCH_PROCESS: i32 = 3;

/// A process and whatever it has started.
#[derive(Debug)]
pub(super) struct Watch {
    id: u32,
}

impl Watch {
    pub(super) fn of(worker: &Process) -> anyhow::Result<Self> {
        Ok(Self { id: worker.id()? })
    }

    /// Whether it runs. One that died stays a zombie until somebody asks how.
    pub(super) fn lives(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    /// From here on the peak counts anew: 5 resets `VmHWM` (proc(5)).
    ///
    /// # Errors
    /// Where we are not root: what a locked-in slot has in `/proc` is root's.
    pub(super) fn forget_peak(&self) -> anyhow::Result<()> {
        for id in self.family() {
            let path = format!("/proc/{id}/clear_refs");
            match fs::write(&path, "5") {
                Err(error) if !has_ended(&error) => {
                    return Err(error)
                        .with_context(|| format!("{path}: peaks are root's to reset"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The most that each of them had resident, together.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.family().into_iter().filter_map(peak_bytes).sum()
    }

    fn family(&self) -> BTreeSet<u32> {
        let mut family = BTreeSet::from([self.id]);
        let mut unasked = vec![self.id];
        while let Some(id) = unasked.pop() {
            let new = children(id).into_iter().filter(|id| family.insert(*id));
            unasked.extend(new);
        }
        family
    }
}

/// Whether a child ended meanwhile.
fn has_ended(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_PROCESS)
}

/// Each thread knows the children that it started.
fn children(id: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            let ids = list.split_whitespace().filter_map(|id| id.parse().ok());
            ids.collect::<Vec<_>>()
        })
        .collect()
}

fn peak_bytes(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}
