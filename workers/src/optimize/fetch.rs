//! What a job is made of, from the object store.

use std::time::Instant;

use backends::{
    Error, Key,
    error::{Backend, Cause},
};
use bytes::Bytes;
use engine::{InputError, logo::LOGO_BYTES_MAX};
use schemas::{Digest, Job, Step, Timings};

use super::Optimizer;
use crate::{error::WorkError, logos::Logos};

/// What a job is made of.
pub(super) struct Ingredients {
    pub(super) original: Bytes,
    logo: Option<FetchedLogo>,
}

/// A logo on its way to the mark.
struct FetchedLogo {
    bytes: Bytes,
    sha256: Digest,
    /// Whether its digest was taken before.
    is_known: bool,
}

impl Optimizer {
    /// Fetches what `job` names.
    pub(super) async fn fetch(
        &self,
        job: &Job,
        timings: &mut Timings,
    ) -> Result<Ingredients, WorkError> {
        let begun = Instant::now();
        let original = self.fetch_original(job).await?;
        let logo = match job.logo {
            Some(logo) => Some(self.fetch_logo(logo.sha256).await?),
            None => None,
        };
        self.note(timings, Step::Fetch, begun.elapsed());
        Ok(Ingredients { original, logo })
    }

    async fn fetch_logo(&self, sha256: Digest) -> Result<FetchedLogo, WorkError> {
        if let Some(bytes) = self.logos.get(&sha256) {
            return Ok(FetchedLogo {
                bytes,
                sha256,
                is_known: true,
            });
        }
        let objects = &self.tools.objects;
        let found = objects.get(&Key::Logo(sha256), LOGO_BYTES_MAX).await;
        let Some(bytes) = found.map_err(unless_logo_too_long)? else {
            objects.check().await?; // as for an original
            return Err(WorkError::LogoMissing(sha256));
        };
        Ok(FetchedLogo {
            bytes,
            sha256,
            is_known: false,
        })
    }

    async fn fetch_original(&self, job: &Job) -> Result<Bytes, WorkError> {
        let (key, limit) = (
            Key::Original(job.original.sha256),
            self.tools.original_bytes_max,
        );
        let found = self
            .tools
            .objects
            .get(&key, limit)
            .await
            .map_err(unless_too_long)?;
        let Some(original) = found else {
            // A folder that is not mounted, a bucket of another name: there everything is missing, and nothing is buried.
            self.tools.objects.check().await?;
            return Err(WorkError::OriginalMissing(job.original.sha256));
        };
        Ok(original)
    }
}

impl Ingredients {
    /// The logo and its digest, where the mark has one.
    pub(super) fn logo(&self) -> Option<(&[u8], Digest)> {
        self.logo
            .as_ref()
            .map(|logo| (&logo.bytes[..], logo.sha256))
    }

    /// Whether they are what the job names, which takes a core a while.
    pub(super) fn verify(&self, job: &Job, logos: &Logos) -> Result<(), WorkError> {
        verify("original", &self.original, job.original.sha256)?;
        if let Some(logo) = self.logo.as_ref().filter(|logo| !logo.is_known) {
            verify("logo", &logo.bytes, logo.sha256)?;
            logos.keep(logo.sha256, logo.bytes.clone());
        }
        Ok(())
    }
}

fn verify(what: &str, bytes: &[u8], sha256: Digest) -> Result<(), WorkError> {
    if Digest::of(bytes) == sha256 {
        return Ok(());
    }
    let what = format!("{what} {sha256} came back with other bytes");
    Err(Error::new(Backend::Objects, "get", Cause::Corrupt(what)).into())
}

/// A logo over the limit stays over it too.
fn unless_logo_too_long(error: Error) -> WorkError {
    match error.cause {
        Cause::TooLong { size_bytes, .. } => match engine::logo::check_bytes(size_bytes) {
            Err(too_long) => InputError::from(too_long).into(),
            Ok(()) => WorkError::World(error),
        },
        _ => WorkError::World(error),
    }
}

/// An original over the limit stays over it.
fn unless_too_long(error: Error) -> WorkError {
    match error.cause {
        Cause::TooLong {
            size_bytes,
            size_bytes_max,
        } => WorkError::OriginalTooLong {
            size_bytes,
            size_bytes_max,
        },
        _ => WorkError::World(error),
    }
}
