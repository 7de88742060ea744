//! Which photos a command line means.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use engine::Format;
use walkdir::WalkDir;

use super::{Failure, Input, UsageError};

/// A photo, and where below the output folder its result belongs.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) below: PathBuf,
    pub(crate) format: Option<Format>,
}

/// What was found. One entry that cannot be read does not keep the others from being made.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sources: Vec<Source>,
    pub(crate) failures: Vec<Failure>,
    /// Files in folders that are no photos.
    pub(crate) skipped: usize,
    seen: HashSet<PathBuf>,
}

/// Every photo among `files` and in the folders among them, each once; what lies in the
/// folder `output` is a result.
///
/// # Errors
/// When a name leads nowhere, or a folder would take its own results.
pub(crate) fn find(files: &[PathBuf], output: &Path) -> Result<Found, UsageError> {
    let mut found = Found::default();
    let output = output.canonicalize().ok(); // a folder that is not there yet holds no results
    for file in files {
        if is_folder(file)? {
            refuse_itself(file, output.as_deref())?;
            found.add_folder(file, output.as_deref());
        } else {
            found.add_named(file);
        }
    }
    Ok(found)
}

/// What cannot be looked at for another reason than that it is not there fails when it is read.
///
/// # Errors
/// When the name leads nowhere.
pub(crate) fn is_folder(path: &Path) -> Result<bool, UsageError> {
    match fs::metadata(path) {
        Ok(entry) => Ok(entry.is_dir()),
        Err(error) if leads_nowhere(&error) => Err(UsageError::NotFound(path.to_owned())),
        Err(_) => Ok(false),
    }
}

fn refuse_itself(folder: &Path, output: Option<&Path>) -> Result<(), UsageError> {
    let same =
        output.is_some_and(|output| folder.canonicalize().is_ok_and(|folder| folder == output));
    if same {
        return Err(UsageError::IntoItself(folder.to_owned()));
    }
    Ok(())
}

fn leads_nowhere(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

impl Found {
    /// A file that was named is tried, whatever it holds.
    fn add_named(&mut self, file: &Path) {
        let below = file.file_name().map(PathBuf::from).unwrap_or_default();
        match format_of(file) {
            Ok(format) => self.add(file, below, format),
            Err(error) => self.fail(file, &error),
        }
    }

    /// The files below `folder`, in the order of their names, without what lies in the output folder.
    fn add_folder(&mut self, folder: &Path, output: Option<&Path>) {
        let is_result = |path: &Path| {
            output.is_some_and(|output| path.canonicalize().is_ok_and(|path| path == output))
        };
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        for entry in entries.filter_entry(|entry| !is_result(entry.path())) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => self.add_found(entry.path(), folder),
                Ok(_) => {}
                Err(error) => self.failures.push(unwalkable(&error, folder)),
            }
        }
    }

    /// A folder may hold anything; a file that is a photo by its bytes or by its name is meant.
    fn add_found(&mut self, file: &Path, folder: &Path) {
        let below = file.strip_prefix(folder);
        let below = below.expect("a walk stays below its root").to_owned();
        match format_of(file) {
            Ok(None) if !is_named_like_a_photo(file) => self.skipped += 1,
            Ok(format) => self.add(file, below, format),
            Err(error) => self.fail(file, &error),
        }
    }

    fn add(&mut self, path: &Path, below: PathBuf, format: Option<Format>) {
        let itself = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(itself) {
            self.sources.push(Source {
                path: path.to_owned(),
                below,
                format,
            });
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        self.failures.push(Failure {
            input: Input::File(path.to_owned()),
            problem: error.to_string(),
        });
    }
}

/// The walk's errors repeat their cause and their path: here each is told once.
fn unwalkable(error: &walkdir::Error, folder: &Path) -> Failure {
    let input = Input::File(error.path().unwrap_or(folder).to_owned());
    let problem = match (error.io_error(), error.loop_ancestor()) {
        (Some(cause), _) => cause.to_string(),
        (None, Some(ancestor)) => format!("leads back to {}, which it lies in", ancestor.display()),
        (None, None) => error.to_string(),
    };
    Failure { input, problem }
}

/// What the first bytes of a file say it is.
fn format_of(path: &Path) -> io::Result<Option<Format>> {
    let mut magic = Vec::with_capacity(Format::MAGIC_BYTES);
    File::open(path)?
        .take(Format::MAGIC_BYTES as u64)
        .read_to_end(&mut magic)?;
    Ok(Format::of_bytes(&magic))
}

/// A file with a photo's name and other bytes was copied halfway, perhaps, and is told rather than left out.
///
/// macOS puts a `._IMG.jpg` beside each `IMG.jpg` on a foreign disk; it holds no picture.
fn is_named_like_a_photo(path: &Path) -> bool {
    let is_companion = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"._"));
    let extension = path.extension().unwrap_or_default();
    let of_photo = [
        "jpg", "jpeg", "png", "webp", "avif", "gif", "tif", "tiff", "bmp", "jxl",
    ];
    !is_companion
        && of_photo
            .iter()
            .any(|own| extension.eq_ignore_ascii_case(own))
}
