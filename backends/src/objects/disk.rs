//! Objects as files under one folder: `<folder>/original/<sha256>`, `<folder>/result/<job id>`,
//! `<folder>/accepted/<job id>`.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, stream};
use tempfile::{NamedTempFile, TempPath};
use tokio::sync::Semaphore;

use super::{Body, Key, Kind, Meta, Object, ObjectStore, Page, Place, object::part_of, too_long};
use crate::{Error, error::Backend};

/// How many files are read or written at once. A disk gains nothing from more, and each holds a thread.
const FILES_AT_ONCE_MAX: usize = 16;

/// Bytes of a file that are read at a time. Most results have no more, and are read at one go when they are opened.
const PIECE_BYTES: u64 = 256 * 1024;

/// Where objects grow before they get their name. On the same file system, so that naming them is one rename.
const UNFINISHED: &str = "unfinished";

/// Objects as files.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: Arc<Path>,
    turns: Arc<Semaphore>,
}

impl Disk {
    /// Opens the store in `folder`, which is made if need be, and sweeps out what a crash left half-written.
    ///
    /// The folder belongs to this process alone: what another were writing would be swept out too.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let disk = Self::beside(folder);
        disk.work("open", prepare).await?;
        Ok(disk)
    }

    /// The store in `folder` beside the process that it belongs to, for reading: nothing is swept.
    pub fn beside(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
            turns: Arc::new(Semaphore::new(FILES_AT_ONCE_MAX)),
        }
    }

    /// Does `work` on the folder where waiting for the disk holds up nobody.
    async fn work<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let folder = Arc::clone(&self.folder);
        #[expect(
            clippy::disallowed_methods,
            reason = "it waits for the disk, not for a core, and the semaphore bounds it"
        )]
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&folder)
        });
        done.await
            .map_err(|error| Error::failed(Backend::Objects, op, error))?
            .map_err(|error| Error::failed(Backend::Objects, op, error))
    }

    /// Each piece takes a turn of its own: a slow reader holds its file, and neither a turn nor a thread.
    fn pieces(self, reading: Reading) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::try_unfold((self, reading), async |(disk, mut reading)| {
            if let Some(first) = reading.first.take() {
                return Ok(Some((first, (disk, reading))));
            }
            if reading.rest_bytes == 0 {
                return Ok(None);
            }
            let read = disk.work("read", move |_| Ok((reading.piece()?, reading)));
            let (piece, reading) = read.await?;
            Ok(Some((piece, (disk, reading))))
        })
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put(&self, key: &Key, body: Body, _media_type: &str) -> Result<(), Error> {
        let key = *key;
        self.work("put", move |folder| {
            let unfinished = write_unfinished(folder, body)?;
            give_name(unfinished, &path_of(folder, &key))
        })
        .await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let key = *key;
        self.work("get", move |folder| {
            read_at_most(&path_of(folder, &key), size_bytes_max)
        })
        .await?
        .map(|read| match read {
            Read::Whole(bytes) => Ok(bytes),
            Read::TooLong { size_bytes } => Err(too_long("get", size_bytes, size_bytes_max)),
        })
        .transpose()
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let key = *key;
        let opened = self
            .work("open", move |folder| {
                open_part(&path_of(folder, &key), range)
            })
            .await?
            .transpose()?;
        Ok(opened.map(
            |Opened {
                 size_bytes,
                 part,
                 reading,
             }| { Object::streamed(size_bytes, &part, self.clone().pieces(reading)) },
        ))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        let key = *key;
        self.work("head", move |folder| {
            if_there(fs::metadata(path_of(folder, &key)))?
                .map(|metadata| meta_of(&metadata))
                .transpose()
        })
        .await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        let key = *key;
        self.work("delete", move |folder| {
            let path = path_of(folder, &key);
            if_there(fs::remove_file(&path))?;
            sync_folder_of(&path)
        })
        .await
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        let place = place.cloned();
        self.work("list", move |folder| {
            page_of(folder, kind, place.as_ref(), objects_max)
        })
        .await
    }

    async fn check(&self) -> Result<(), Error> {
        self.work("check", |folder| write_bytes(folder, b"check").map(drop))
            .await
    }
}

/// What reading a file came to.
enum Read {
    Whole(Bytes),
    TooLong { size_bytes: u64 },
}

/// A file that is there, opened for a part of it.
struct Opened {
    size_bytes: u64,
    part: Range<u64>,
    reading: Reading,
}

/// A file that is read piece by piece. What takes its name meanwhile is another file.
struct Reading {
    file: File,
    /// What was read when it was opened.
    first: Option<Bytes>,
    rest_bytes: u64,
}

impl Reading {
    /// A file that ends too soon is an error: who reads was told how long it is.
    fn piece(&mut self) -> io::Result<Bytes> {
        let length = self.rest_bytes.min(PIECE_BYTES);
        let mut piece = vec![0; length as usize];
        self.file.read_exact(&mut piece)?;
        self.rest_bytes -= length;
        Ok(piece.into())
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    let unfinished = folder.join(UNFINISHED);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    let kinds = Kind::ALL.map(Kind::as_str);
    for part in kinds.into_iter().chain([UNFINISHED]) {
        fs::create_dir_all(folder.join(part))?;
    }
    sync(folder)
}

fn path_of(folder: &Path, key: &Key) -> PathBuf {
    folder.join(key.to_string())
}

/// The body in a file without a name yet, on the disk and not only in the kernel's memory.
fn write_unfinished(folder: &Path, body: Body) -> io::Result<TempPath> {
    match body {
        Body::Bytes(bytes) | Body::Digested { bytes, .. } => write_bytes(folder, &bytes),
        Body::File { path, .. } => link(folder, &path).or_else(|_| copy(folder, &path)),
    }
}

fn write_bytes(folder: &Path, bytes: &[u8]) -> io::Result<TempPath> {
    let mut file = NamedTempFile::new_in(folder.join(UNFINISHED))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

/// A second name for the spooled file: nothing is copied. Fails across file systems, and where links are forbidden.
fn link(folder: &Path, path: &Path) -> io::Result<TempPath> {
    let unfinished = tempfile::Builder::new()
        .make_in(folder.join(UNFINISHED), |name| fs::hard_link(path, name))?
        .into_temp_path();
    sync(&unfinished)?;
    Ok(unfinished)
}

fn copy(folder: &Path, path: &Path) -> io::Result<TempPath> {
    let mut file = NamedTempFile::new_in(folder.join(UNFINISHED))?;
    io::copy(&mut File::open(path)?, file.as_file_mut())?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

fn give_name(unfinished: TempPath, path: &Path) -> io::Result<()> {
    let leftover = unfinished.to_path_buf();
    unfinished.persist(path)?;
    // Renaming a file onto another name of itself does nothing, and leaves both: a body that was put twice.
    if_there(fs::remove_file(leftover))?;
    sync_folder_of(path)
}

fn read_at_most(path: &Path, size_bytes_max: u64) -> io::Result<Option<Read>> {
    let Some(file) = if_there(File::open(path))? else {
        return Ok(None);
    };
    let size_bytes = file.metadata()?.len();
    if size_bytes > size_bytes_max {
        return Ok(Some(Read::TooLong { size_bytes }));
    }
    let mut bytes = Vec::with_capacity(size_bytes.try_into().map_err(io::Error::other)?);
    file.take(size_bytes_max).read_to_end(&mut bytes)?;
    Ok(Some(Read::Whole(bytes.into())))
}

/// The outer result is the disk's, the inner one what became of the range.
fn open_part(path: &Path, range: Option<Range<u64>>) -> io::Result<Option<Result<Opened, Error>>> {
    let Some(mut file) = if_there(File::open(path))? else {
        return Ok(None);
    };
    let size_bytes = file.metadata()?.len();
    let part = match part_of(range, size_bytes) {
        Ok(part) => part,
        Err(refused) => return Ok(Some(Err(refused))),
    };
    file.seek(SeekFrom::Start(part.start))?;
    let mut reading = Reading {
        file,
        first: None,
        rest_bytes: part.end - part.start,
    };
    if reading.rest_bytes > 0 {
        reading.first = Some(reading.piece()?);
    }
    Ok(Some(Ok(Opened {
        size_bytes,
        part,
        reading,
    })))
}

fn meta_of(metadata: &fs::Metadata) -> io::Result<Meta> {
    Ok(Meta {
        size_bytes: metadata.len(),
        stored_at: metadata.modified()?,
    })
}

/// A folder gives its files in no order, so each page reads all of their names, and remembers only its own.
fn page_of(
    folder: &Path,
    kind: Kind,
    place: Option<&Place>,
    objects_max: usize,
) -> io::Result<Page> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder.join(kind.as_str()))? {
        let name = format!("{}/{}", kind.as_str(), entry?.file_name().to_string_lossy());
        if place.is_none_or(|place| name > place.0) {
            names.insert(name);
        }
        if names.len() > objects_max + 1 {
            names.pop_last();
        }
    }
    let is_last = names.len() <= objects_max;
    let names: Vec<_> = names.into_iter().take(objects_max).collect();
    let next = names.last().cloned().map(Place);
    let listed = names.iter().map(|name| listed(folder, name));
    Ok(Page {
        objects: listed
            .filter_map(io::Result::transpose)
            .collect::<io::Result<_>>()?,
        next: next.filter(|_| !is_last),
    })
}

/// A file that is an object and still there.
fn listed(folder: &Path, name: &str) -> io::Result<Option<(Key, SystemTime)>> {
    let Ok(key) = name.parse() else {
        return Ok(None);
    };
    let metadata = if_there(fs::metadata(path_of(folder, &key)))?;
    metadata
        .map(|metadata| Ok((key, metadata.modified()?)))
        .transpose()
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A name is safe once its folder is on the disk, not when the file is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync(path.parent().expect("a key has a folder"))
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
