//! The logos that were fetched last: jobs often come in rows that share one.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use schemas::Digest;

/// Logos that are kept. Four of the largest have 4 MiB.
const LOGOS_MAX: usize = 4;

/// Logos by their digests, which are known to be true, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Logos(Mutex<VecDeque<(Digest, Bytes)>>);

impl Logos {
    pub(crate) fn get(&self, sha256: &Digest) -> Option<Bytes> {
        let mut logos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = logos.iter().position(|(kept, _)| kept == sha256)?;
        let found = logos.remove(at)?;
        let logo = found.1.clone();
        logos.push_front(found);
        Some(logo)
    }

    pub(crate) fn keep(&self, sha256: Digest, logo: Bytes) {
        let mut logos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logos.retain(|(kept, _)| *kept != sha256);
        logos.push_front((sha256, logo));
        logos.truncate(LOGOS_MAX);
    }
}
