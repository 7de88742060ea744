//! Where a photo waits until its last byte is there: its key in the object store is its digest, so it cannot be stored
//! before. Small ones wait in memory, the others in a file that goes away with its [`Spooled`].

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use backends::objects::Body;
use bytes::{Bytes, BytesMut};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;

const PREFIX: &str = "upload-";
/// A file that nobody wrote to for so long belongs to a process that was killed: no upload is silent for that long.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder of the files.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    memory_bytes_max: usize,
}

/// A photo on its way in.
#[derive(Debug)]
pub(crate) struct Writer<'s> {
    spool: &'s Spool,
    memory: BytesMut,
    file: Option<(tokio::fs::File, TempPath)>,
    size_bytes: u64,
}

/// A whole photo.
#[derive(Debug)]
pub(crate) enum Spooled {
    Memory(Bytes),
    File { path: TempPath, size_bytes: u64 },
}

/// Bytes that can be read from any place.
pub(crate) trait Source: io::BufRead + io::Seek + Send {}

impl<T: io::BufRead + io::Seek + Send> Source for T {}

impl Spool {
    /// Opens the folder and clears it of what a killed process left.
    pub(crate) fn open(folder: PathBuf, memory_bytes_max: usize) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        remove_orphans(&folder)?;
        Ok(Self {
            folder,
            memory_bytes_max,
        })
    }

    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer {
            spool: self,
            memory: BytesMut::new(),
            file: None,
            size_bytes: 0,
        }
    }
}

impl Writer<'_> {
    pub(crate) async fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.size_bytes += chunk.len() as u64;
        if let Some((file, _)) = &mut self.file {
            return file.write_all(chunk).await;
        }
        if self.memory.len() + chunk.len() <= self.spool.memory_bytes_max {
            self.memory.extend_from_slice(chunk);
            return Ok(());
        }
        let (mut file, path) = create(&self.spool.folder)?;
        file.write_all(&std::mem::take(&mut self.memory)).await?;
        file.write_all(chunk).await?;
        self.file = Some((file, path));
        Ok(())
    }

    pub(crate) async fn finish(self) -> io::Result<Spooled> {
        let Some((mut file, path)) = self.file else {
            return Ok(Spooled::Memory(self.memory.freeze()));
        };
        file.flush().await?;
        Ok(Spooled::File {
            path,
            size_bytes: self.size_bytes,
        })
    }
}

impl Spooled {
    pub(crate) const fn size_bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { size_bytes, .. } => *size_bytes,
        }
    }

    /// The photo for the object store. The file stays ours: it must outlive the body.
    pub(crate) fn body(&self) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(bytes.clone()),
            Self::File { path, size_bytes } => Body::File {
                path: path.to_path_buf(),
                size_bytes: *size_bytes,
            },
        }
    }

    /// The photo for whoever reads its header.
    pub(crate) fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Self::File { path, .. } => Box::new(io::BufReader::new(fs::File::open(path)?)),
        })
    }
}

/// A file of its own. Somebody may have tidied the folder away meanwhile.
fn create(folder: &Path) -> io::Result<(tokio::fs::File, TempPath)> {
    fs::create_dir_all(folder)?;
    let file = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempfile_in(folder)?;
    let (file, path) = file.into_parts();
    Ok((file.into(), path))
}

fn remove_orphans(folder: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    for entry in fs::read_dir(folder)? {
        match remove_if_orphan(&entry?, now) {
            // Another publisher may share the folder: its uploads end, and it clears the folder too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

fn remove_if_orphan(entry: &fs::DirEntry, now: SystemTime) -> io::Result<()> {
    let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
    let written = entry.metadata()?.modified()?;
    if ours
        && now
            .duration_since(written)
            .is_ok_and(|age| age > ORPHAN_AGE)
    {
        fs::remove_file(entry.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn spooled(spool: &Spool, chunks: &[&[u8]]) -> Spooled {
        let mut writer = spool.writer();
        for chunk in chunks {
            writer.write(chunk).await.unwrap();
        }
        writer.finish().await.unwrap()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn small_photos_never_touch_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path().to_owned(), 8).unwrap();
        let photo = spooled(&spool, &[b"1234", b"5678"]).await;
        assert!(matches!(&photo, Spooled::Memory(bytes) if bytes == "12345678"));
        assert_eq!(files(folder.path()), 0);
    }

    #[tokio::test]
    async fn a_large_photo_is_whole_in_its_file_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path().join("made"), 8).unwrap();
        let photo = spooled(&spool, &[b"1234", b"56789", b"0"]).await;
        let mut text = String::new();
        io::Read::read_to_string(&mut photo.source().unwrap(), &mut text).unwrap();
        assert_eq!((text.as_str(), photo.size_bytes()), ("1234567890", 10));
        drop(photo);
        assert_eq!(files(&spool.folder), 0);
    }

    #[tokio::test]
    async fn an_abandoned_upload_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path().to_owned(), 0).unwrap();
        let mut writer = spool.writer();
        writer.write(b"half a photo").await.unwrap();
        assert_eq!(files(folder.path()), 1);
        drop(writer);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_cleared_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - ORPHAN_AGE - Duration::from_secs(60);
        for (name, written) in [
            ("upload-old", old),
            ("upload-new", SystemTime::now()),
            ("other", old),
        ] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(written).unwrap();
        }
        Spool::open(folder.path().to_owned(), 0).unwrap();
        assert!(!folder.path().join("upload-old").exists());
        assert_eq!(files(folder.path()), 2);
    }

    #[test]
    fn publishers_that_share_a_folder_may_start_at_once() {
        const PUBLISHERS: usize = 8;
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * ORPHAN_AGE;
        for number in 0..1000 {
            let name = folder.path().join(format!("{PREFIX}{number}"));
            fs::File::create(name).unwrap().set_modified(old).unwrap();
        }
        let start = std::sync::Barrier::new(PUBLISHERS);
        std::thread::scope(|scope| {
            for _ in 0..PUBLISHERS {
                scope.spawn(|| {
                    start.wait();
                    Spool::open(folder.path().to_owned(), 0).unwrap();
                });
            }
        });
        assert_eq!(files(folder.path()), 0);
    }
}
