//! A result on its way to its file: what it is, its bytes, their digest, its name.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    pin::pin,
    sync::{Mutex, PoisonError},
};

use futures::TryStreamExt as _;
use reqwest::{
    Response,
    header::{CONTENT_TYPE, ETAG, HeaderName},
};
use schemas::{Digest, JobId, OutputFormat, Picture};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::{io::AsyncWriteExt as _, task::block_in_place};

use super::{
    errand::{Photo, Target},
    problem::Problem,
    server::{self, Server},
};
use crate::{
    commands::photos::{Names, persist, temporary_in},
    output::output,
};

/// Bytes that are read at once of a file that may be the result already.
const CHUNK_BYTES: usize = 64 * 1024;

/// Gives results their names, one at a time.
#[derive(Debug)]
pub(super) struct Shelf {
    names: Mutex<Names>,
    overwrite: bool,
}

/// A result that is where it belongs.
#[derive(Debug)]
pub(super) struct Received {
    /// `None` for standard output.
    pub(super) path: Option<PathBuf>,
    pub(super) size_bytes: u64,
    pub(super) sha256: Digest,
}

/// What an answer says of a result before its bytes.
struct Head {
    format: OutputFormat,
    sha256: Digest,
    size_bytes: Option<u64>,
}

impl Shelf {
    pub(super) fn new(names: Names, overwrite: bool) -> Self {
        Self {
            names: Mutex::new(names),
            overwrite,
        }
    }

    /// Fetches the result of job `id`, once. What lies where it would go, byte for byte, is not fetched again.
    pub(super) async fn receive(
        &self,
        server: &Server,
        id: &JobId,
        recorded: Option<&Picture>,
        photo: &Photo,
    ) -> Result<Received, Problem> {
        let answer = server.image(id).await?;
        let head = Head::of(&answer)?;
        if let Some(recorded) = recorded.map(|picture| picture.sha256)
            && recorded != head.sha256
        {
            return Err(damaged(head.sha256, recorded));
        }
        if let Some(there) = block_in_place(|| self.find(photo, &head)) {
            return Ok(there);
        }
        let file = block_in_place(|| temporary(&photo.target))?;
        let (file, size_bytes) = fill(file, answer, head.sha256).await?;
        let path = block_in_place(|| self.place(file, photo, head.format))?;
        Ok(Received {
            path,
            size_bytes,
            sha256: head.sha256,
        })
    }

    /// The result, where an earlier run has left it.
    fn find(&self, photo: &Photo, head: &Head) -> Option<Received> {
        let Target::Like(like) = &photo.target else {
            return None;
        };
        let wanted = photo.named(like, head.format);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let path = names.take_made(&wanted, |path| head.is_in(path))?;
        Some(Received {
            size_bytes: fs::metadata(&path).ok()?.len(),
            path: Some(path),
            sha256: head.sha256,
        })
    }

    /// Puts a result where it belongs.
    fn place(
        &self,
        file: NamedTempFile,
        photo: &Photo,
        format: OutputFormat,
    ) -> Result<Option<PathBuf>, Problem> {
        match &photo.target {
            Target::Stream => to_stream(&file).map(|()| None),
            Target::File(path) => {
                let placed = persist(file, path, self.overwrite);
                placed.map_err(|error| unwritable(path, error.error))?;
                Ok(Some(path.clone()))
            }
            Target::Like(like) => self.number(file, &photo.named(like, format)).map(Some),
        }
    }

    /// Under the first name that is free. One that somebody else takes meanwhile is passed over too.
    fn number(&self, mut file: NamedTempFile, wanted: &Path) -> Result<PathBuf, Problem> {
        loop {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            let name = names.take(wanted);
            drop(names);
            match persist(file, &name, self.overwrite) {
                Ok(()) => return Ok(name),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    file = error.file;
                }
                Err(error) => return Err(unwritable(&name, error.error)),
            }
        }
    }
}

impl Head {
    fn of(answer: &Response) -> Result<Self, Problem> {
        let format = header(answer, CONTENT_TYPE).and_then(|media_type| {
            let mut formats = OutputFormat::ALL.into_iter();
            formats.find(|format| format.media_type() == media_type)
        });
        let etag = header(answer, ETAG).map(|etag| etag.trim_matches('"'));
        Ok(Self {
            format: format.ok_or(Problem::Unnamed("Content-Type"))?,
            sha256: etag
                .and_then(|etag| etag.parse().ok())
                .ok_or(Problem::Unnamed("ETag"))?,
            size_bytes: answer.content_length(),
        })
    }

    /// Whether the file at `path` holds the result. Its length alone tells nearly every other one.
    fn is_in(&self, path: &Path) -> bool {
        let length = fs::metadata(path).map(|file| file.len()).ok();
        let same_length = self.size_bytes.is_none() || self.size_bytes == length;
        same_length && File::open(path).and_then(digest_of).ok() == Some(self.sha256)
    }
}

fn header(answer: &Response, name: HeaderName) -> Option<&str> {
    answer.headers().get(name)?.to_str().ok()
}

/// Beside where it will be, so that it need only be renamed.
fn temporary(target: &Target) -> Result<NamedTempFile, Problem> {
    match target {
        Target::Stream => NamedTempFile::new().map_err(|cause| unwritable(Path::new("-"), cause)),
        Target::File(path) | Target::Like(path) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            temporary_in(folder).map_err(|cause| unwritable(folder, cause))
        }
    }
}

/// Writes the answer's body into `file`, and refuses it unless its digest is `announced`.
async fn fill(
    file: NamedTempFile,
    answer: Response,
    announced: Digest,
) -> Result<(NamedTempFile, u64), Problem> {
    let (file, path) = file.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let (mut digest, mut size_bytes) = (Sha256::new(), 0);
    let mut pieces = pin!(server::pieces(answer));
    let cut = |error| Problem::wire("the result", &error);
    while let Some(piece) = pieces.try_next().await.map_err(cut)? {
        digest.update(&piece);
        size_bytes += piece.len() as u64;
        let written = file.write_all(&piece).await;
        written.map_err(|cause| unwritable(&path, cause))?;
    }
    file.flush()
        .await
        .map_err(|cause| unwritable(&path, cause))?;
    let measured = Digest::from_bytes(digest.finalize().into());
    if measured != announced {
        return Err(damaged(measured, announced));
    }
    let file = NamedTempFile::from_parts(file.into_std().await, path);
    Ok((file, size_bytes))
}

/// Nothing of a result that is damaged reaches the next program.
fn to_stream(file: &NamedTempFile) -> Result<(), Problem> {
    let copied = file
        .reopen()
        .and_then(|mut file| io::copy(&mut file, &mut output()));
    copied
        .map(drop)
        .map_err(|cause| unwritable(Path::new("standard output"), cause))
}

fn digest_of(mut source: impl Read) -> io::Result<Digest> {
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        let length = source.read(&mut chunk)?;
        if length == 0 {
            return Ok(Digest::from_bytes(digest.finalize().into()));
        }
        digest.update(&chunk[..length]);
    }
}

fn damaged(measured: Digest, announced: Digest) -> Problem {
    Problem::Damaged {
        measured,
        announced,
    }
}

fn unwritable(target: &Path, cause: io::Error) -> Problem {
    Problem::Target {
        target: target.display().to_string(),
        cause,
    }
}
