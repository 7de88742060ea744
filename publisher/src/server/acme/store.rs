//! The account and the certificate on the disk, so that a restart orders nothing. Only we may read them.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use schemas::Digest;
use tempfile::NamedTempFile;

use super::AcmeError;
use crate::server::certificates::{Validity, pair};

/// Only the owner may look into the folder.
const FOLDER_MODE: u32 = 0o700;

/// The folder. An account belongs to a server, a certificate to its domains too, and their files' names say to which.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: PathBuf,
    account: PathBuf,
    certificate: PathBuf,
}

/// A certificate with its key, and its time.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pair: Arc<CertifiedKey>,
    validity: Validity,
}

impl Store {
    pub(super) fn open(folder: &Path, directory: &str, domains: &[String]) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE).create(folder)?;
        let server = Digest::of(directory.as_bytes());
        let wanted = Digest::of(
            [&[directory.to_owned()], domains]
                .concat()
                .join(" ")
                .as_bytes(),
        );
        Ok(Self {
            account: folder.join(format!("account-{server}.json")),
            certificate: folder.join(format!("certificate-{wanted}.pem")),
            folder: folder.to_owned(),
        })
    }

    pub(super) fn account(&self) -> io::Result<Option<Vec<u8>>> {
        read(&self.account)
    }

    pub(super) fn keep_account(&self, credentials: &[u8]) -> io::Result<()> {
        self.write(&self.account, credentials)
    }

    pub(super) fn certificate(&self) -> Result<Option<Kept>, AcmeError> {
        let Some(pem) = read(&self.certificate)? else {
            return Ok(None);
        };
        Kept::parse(&pem).map(Some)
    }

    /// The next order makes a new account.
    pub(super) fn forget_account(&self) -> io::Result<()> {
        fs::remove_file(&self.account)
    }

    /// Key and chain lie in one file, so that they are replaced together.
    pub(super) fn keep_certificate(&self, chain: &str, key: &str) -> Result<Kept, AcmeError> {
        let pem = format!("{key}\n{chain}").into_bytes();
        let kept = Kept::parse(&pem)?;
        self.write(&self.certificate, &pem)?;
        Ok(kept)
    }

    /// The file is whole under its name, or not there. Temporary files are made for their owner only.
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut whole = NamedTempFile::new_in(&self.folder)?;
        whole.write_all(bytes)?;
        whole.as_file().sync_all()?;
        whole.persist(file)?;
        Ok(())
    }
}

impl Kept {
    fn parse(pem: &[u8]) -> Result<Self, AcmeError> {
        let pair = pair(pem, pem)?;
        let validity = Validity::of(&pair)?;
        Ok(Self { pair, validity })
    }

    pub(super) fn pair(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.pair)
    }

    /// Its last second.
    pub(super) fn ends(&self) -> Timestamp {
        Timestamp::from_second(self.validity.ends).unwrap_or_default()
    }

    /// The time until it is to be renewed, zero once it is.
    pub(super) fn renewed_in(&self) -> Duration {
        left(self.validity, Timestamp::now().as_second())
    }
}

/// Two thirds of its time: the last third is for a server that is away.
fn left(Validity { begins, ends }: Validity, now: i64) -> Duration {
    let due = begins + (ends - begins) / 3 * 2;
    Duration::from_secs(u64::try_from(due - now).unwrap_or(0))
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_certificate_is_renewed_when_two_thirds_of_its_time_are_over() {
        let day = 24 * 60 * 60;
        let validity = Validity {
            begins: 0,
            ends: 90 * day,
        };
        assert_eq!(left(validity, 0).as_secs(), 60 * 24 * 60 * 60);
        assert_eq!(left(validity, 60 * day), Duration::ZERO);
        assert_eq!(left(validity, 100 * day), Duration::ZERO);
    }

    #[test]
    fn what_is_kept_can_be_read_by_its_owner_only() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("acme");
        let store = Store::open(&folder, "https://ca.example/dir", &[]).unwrap();
        assert!(store.account().unwrap().is_none());
        store.keep_account(b"secret").unwrap();
        assert_eq!(store.account().unwrap().unwrap(), b"secret");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&store.account)), (0o700, 0o600));
    }
}
