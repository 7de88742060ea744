//! The one folder that the embedded backends share, held by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A data folder that belongs to this process until the value is dropped or the process dies, see [`DataFolder::open`].
///
/// The embedded queue gives what was in hand to the next worker as soon as it is opened; a second process on the same
/// folder would take jobs out of the first one's hands.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The operating system lets go of it with the process, `kill -9` included, so it is never left behind. None beside
    /// the owner.
    _lock: Option<File>,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("data folder {} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("data folder {} cannot be used", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl DataFolder {
    /// Creates the folder where it is missing, and takes it.
    ///
    /// # Errors
    /// When another process has it, or it cannot be created or written.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |cause| FolderError::Unusable {
            path: path.to_owned(),
            cause,
        };
        create(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: Some(lock),
            }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }

    /// The folder beside its owner, if there is one: for commands that look into it, and write only what the owner
    /// expects from others.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn beside(path: &Path) -> Result<Self, FolderError> {
        fs::read_dir(path).map_err(|cause| FolderError::Unusable {
            path: path.to_owned(),
            cause,
        })?;
        Ok(Self {
            path: path.to_owned(),
            _lock: None,
        })
    }

    /// The file of the messages.
    pub fn queue(&self) -> PathBuf {
        self.path.join("queue.db")
    }

    /// The file of the jobs' records.
    pub fn results(&self) -> PathBuf {
        self.path.join("results.db")
    }

    /// The folder of originals and results.
    pub fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }
}

/// People's photos: readable by nobody else from the first moment.
#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("nws-data");
        let first = DataFolder::open(&path).unwrap();
        let refused = DataFolder::open(&path).unwrap_err().to_string();
        assert!(
            refused.contains("nws-data is in use by another process"),
            "{refused}"
        );
        drop(first);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_file_in_its_place_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("nws-data");
        fs::write(&path, "not a folder").unwrap();
        let refused = DataFolder::open(&path).unwrap_err();
        let (told, cause) = (refused.to_string(), refused.source().unwrap().to_string());
        assert!(told.contains("nws-data cannot be used"), "{told}");
        assert!(
            !told.contains(&cause),
            "who shows the causes too would tell {cause} twice"
        );
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_new_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("nws-data");
        let _folder = DataFolder::open(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}
