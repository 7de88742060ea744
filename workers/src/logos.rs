//! The logos that were drawn last: jobs often come in rows that share one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use engine::Logo;
use schemas::Digest;

/// Logos that are kept decoded. Four of the largest have 64 MiB.
const LOGOS_MAX: usize = 4;

/// Decoded logos by the digest of their bytes, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Logos(Mutex<VecDeque<(Digest, Arc<Logo>)>>);

impl Logos {
    pub(crate) fn get(&self, sha256: &Digest) -> Option<Arc<Logo>> {
        let mut logos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = logos.iter().position(|(kept, _)| kept == sha256)?;
        let found = logos.remove(at)?;
        let logo = Arc::clone(&found.1);
        logos.push_front(found);
        Some(logo)
    }

    pub(crate) fn keep(&self, sha256: Digest, logo: Arc<Logo>) {
        let mut logos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logos.retain(|(kept, _)| *kept != sha256);
        logos.push_front((sha256, logo));
        logos.truncate(LOGOS_MAX);
    }
}
