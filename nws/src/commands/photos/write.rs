//! Results on their way to their names: whole or not at all.

use std::{fs, io, path::Path};

use tempfile::{NamedTempFile, PersistError};

/// A temporary file in `folder`, which is made. Others may read it once it has its name: the default is for
/// secrets.
pub(crate) fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nws-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The library's error tells its cause twice, and a name that nobody knows.
    let made = builder.tempfile_in(folder);
    made.map_err(|error| error.kind().into())
}

/// Gives a file its name, and never that of a file which appeared meanwhile unless it may be replaced.
pub(crate) fn persist(
    file: NamedTempFile,
    target: &Path,
    may_replace: bool,
) -> Result<(), PersistError> {
    let persisted = if may_replace {
        file.persist(target)
    } else {
        file.persist_noclobber(target)
    };
    persisted.map(drop)
}
