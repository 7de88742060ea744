//! A mark's logo on its way in: a file in the form, or the name of one that is stored.

use std::io::Cursor;

use backends::Key;
use bytes::Bytes;
use engine::{LogoHeader, logo::LOGO_BYTES_MAX};
use schemas::{Digest, FieldError};

use crate::{app::App, error::ApiError};

/// The part of the form.
pub(crate) const LOGO: &str = "wm_logo";

/// A logo whose header was read. Its pixels are the worker's.
#[derive(Debug)]
pub(crate) struct UploadedLogo {
    pub(crate) sha256: Digest,
    pub(crate) header: LogoHeader,
    pub(crate) bytes: Bytes,
}

impl UploadedLogo {
    /// # Errors
    /// When the bytes are no logo.
    pub(crate) fn of(bytes: Bytes) -> Result<Self, ApiError> {
        Ok(Self {
            sha256: Digest::of(&bytes),
            header: LogoHeader::read(Cursor::new(&bytes))?,
            bytes,
        })
    }

    /// The logo that was uploaded before, by its digest. It is stored again with the job, and so is young again.
    ///
    /// # Errors
    /// When the name is no digest, or no such logo is kept.
    pub(crate) async fn stored(name: &str, app: &App) -> Result<Self, ApiError> {
        let sha256: Digest = name.parse().map_err(|_| unknown())?;
        let found = app.objects.get(&Key::Logo(sha256), LOGO_BYTES_MAX).await?;
        let logo = Self::of(found.ok_or_else(unknown)?)?;
        if logo.sha256 != sha256 {
            return Err(unknown());
        }
        Ok(logo)
    }
}

fn unknown() -> ApiError {
    ApiError::Field(FieldError {
        field: LOGO.to_owned(),
        problem: "neither a file nor the SHA-256 of a stored logo, 64 lower-case hex digits"
            .to_owned(),
        measured: None,
        limit: None,
    })
}
