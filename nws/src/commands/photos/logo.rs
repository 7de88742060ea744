//! The logo that a flag names.

use std::{fs::File, io::Read as _, path::Path};

use engine::{Logo, logo::LOGO_BYTES_MAX};

use super::UsageError;

/// A logo that was read and can be drawn.
#[derive(Debug)]
pub(crate) struct LogoFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) logo: Logo,
}

impl LogoFile {
    /// Reads it once, for all photos.
    ///
    /// # Errors
    /// When the file cannot be read, or is no logo.
    pub(crate) fn read(path: &Path) -> Result<Self, UsageError> {
        let unusable = |problem| UsageError::Logo {
            path: path.to_owned(),
            problem,
        };
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(LOGO_BYTES_MAX + 1).read_to_end(&mut bytes));
        read.map_err(|error| unusable(error.to_string()))?;
        let logo = Logo::decode(&bytes).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { bytes, logo })
    }
}
