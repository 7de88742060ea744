//! The files that keys stand in.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use schemas::Digest;

use super::{
    config::{Config, ConfigError, invalid},
    keys::Keys,
    public_key::PublicKey,
};

/// Bytes of a file of keys. 1 MiB: a thousand keys have 150 KiB.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file, and the setting that names it.
#[derive(Clone, Debug)]
struct File {
    setting: &'static str,
    path: PathBuf,
}

/// Those that are named.
#[derive(Clone, Debug)]
pub(super) struct Files {
    keys: Option<File>,
    token_key: Option<File>,
}

/// What stands in them.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) keys: Keys,
    pub(super) token_key: Option<PublicKey>,
    /// Of the bytes that this was read from.
    pub(super) digest: Digest,
}

impl Files {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            keys: File::named("auth_keys_file", &config.auth_keys_file),
            token_key: File::named("auth_jwt_key_file", &config.auth_jwt_key_file),
        }
    }

    /// Whether no file is named.
    pub(super) const fn are_none(&self) -> bool {
        self.keys.is_none() && self.token_key.is_none()
    }

    /// Reads them. Some kilobytes from a local disk, seldom: not worth a thread.
    ///
    /// # Errors
    /// The first file that cannot be read or understood, with the line where that is known.
    pub(super) fn read(&self) -> Result<Contents, ConfigError> {
        let (mut keys, mut token_key, mut all) = (Keys::default(), None, Vec::new());
        if let Some(file) = &self.keys {
            let text = file.read()?;
            keys = file.keys(&text)?;
            all.extend(text);
        }
        if let Some(file) = &self.token_key {
            let pem = file.read()?;
            let key = PublicKey::of_pem(&pem).map_err(|error| file.refused(&error))?;
            token_key = Some(key);
            all.extend(pem);
        }
        let digest = Digest::of(&all);
        Ok(Contents {
            keys,
            token_key,
            digest,
        })
    }
}

impl File {
    fn named(setting: &'static str, path: &Path) -> Option<Self> {
        let path = path.to_owned();
        (!path.as_os_str().is_empty()).then_some(Self { setting, path })
    }

    fn read(&self) -> Result<Vec<u8>, ConfigError> {
        let size_bytes = fs::metadata(&self.path)
            .map_err(|error| self.refused(&error))?
            .len();
        if size_bytes > FILE_BYTES_MAX {
            let problem = format!("{size_bytes} bytes, the limit is {FILE_BYTES_MAX}");
            return Err(self.refused(&problem));
        }
        fs::read(&self.path).map_err(|error| self.refused(&error))
    }

    fn keys(&self, text: &[u8]) -> Result<Keys, ConfigError> {
        let text = str::from_utf8(text).map_err(|error| self.refused(&error))?;
        Keys::parse_lines(text).map_err(|error| self.refused(&error))
    }

    fn refused(&self, problem: &dyn fmt::Display) -> ConfigError {
        invalid(self.setting, format!("{}: {problem}", self.path.display()))
    }
}
