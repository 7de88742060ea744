//! Where a photo is read from.

use std::{
    fmt,
    fs::File,
    io::{self, Read, stdin},
    path::{Path, PathBuf},
};

use crate::output::plain;

/// The longest photo that is read. Far above any camera's, far below what would hurt.
const SOURCE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// One photo's origin; shown, it is the name that a failure is told under, without what a terminal would obey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("more than {SOURCE_BYTES_MAX} bytes, which is the limit")]
    TooLong,
}

impl Input {
    /// Every byte of it.
    pub(crate) fn read(&self) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Stdin => bounded(stdin().lock()),
            Self::File(path) => {
                let file = File::open(path)?;
                if file.metadata()?.len() > SOURCE_BYTES_MAX {
                    return Err(ReadError::TooLong); // before half a gigabyte was read for nothing
                }
                bounded(file)
            }
        }
    }

    /// Its name without folder and extension; standard input has none.
    pub(crate) fn stem(&self) -> String {
        let stem = self.path().and_then(Path::file_stem).unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Its name as programs have to read it; for people there is `Display`.
    pub(crate) fn name(&self) -> String {
        let path = self.path().unwrap_or(Path::new("standard input"));
        path.display().to_string()
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.name()))
    }
}

fn bounded(source: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.take(SOURCE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SOURCE_BYTES_MAX {
        return Err(ReadError::TooLong);
    }
    Ok(bytes)
}
