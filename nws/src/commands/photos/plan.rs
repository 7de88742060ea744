//! What kind of call it is: one photo to a stream or a file, or many to a folder.

use std::path::{Path, PathBuf};

use schemas::OutputFormat;

use super::{
    Input, UsageError,
    sources::{self, Found},
};
use crate::cli::Photos;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Plan {
    /// One photo to standard output.
    Stream { source: Input },
    /// One photo to the file `target`, whose name asks for `format`.
    File {
        source: Input,
        target: PathBuf,
        format: OutputFormat,
    },
    /// Photos to the folder `output`.
    Folder { found: Found, output: PathBuf },
}

const STREAM: &str = "-";

/// Pictures that are not written: a folder is hardly ever called so, a result that was meant is.
const NOT_WRITTEN: [&str; 9] = [
    "bmp", "gif", "heic", "heif", "jp2", "jxl", "svg", "tif", "tiff",
];

/// Decides what the call means, before the first photo is touched.
///
/// # Errors
/// For a call that cannot be meant.
pub(crate) fn plan(photos: &Photos) -> Result<Plan, UsageError> {
    let single = single(&photos.files)?;
    let output = match (photos.output.as_deref(), &single) {
        (None, Some(Input::Stdin)) => Path::new(STREAM),
        (None, _) => return Err(UsageError::NoOutput),
        (Some(output), _) => output,
    };
    if output == Path::new(STREAM) {
        let source = single.ok_or(UsageError::ManyIntoStream)?;
        return Ok(Plan::Stream { source });
    }
    if output.is_dir() || !is_picture_name(output) {
        return match single {
            Some(Input::Stdin) => Err(UsageError::StdinIntoFolder(output.to_owned())),
            _ => into_folder(&photos.files, output),
        };
    }
    let source = single.ok_or_else(|| UsageError::ManyIntoFile(output.to_owned()))?;
    one_file(source, output, photos)
}

/// The one photo that is meant, if it is one.
fn single(files: &[PathBuf]) -> Result<Option<Input>, UsageError> {
    let is_stream = |file: &PathBuf| file == Path::new(STREAM);
    match files {
        [file] if is_stream(file) => Ok(Some(Input::Stdin)),
        [file] if !sources::is_folder(file)? => Ok(Some(Input::File(file.clone()))),
        _ if files.iter().any(is_stream) => Err(UsageError::StdinAmongFiles),
        _ => Ok(None),
    }
}

fn one_file(source: Input, target: &Path, photos: &Photos) -> Result<Plan, UsageError> {
    let format = agreed_format(target, photos.recipe.format())?;
    let here = source.path().and_then(|path| path.canonicalize().ok());
    if here.is_some() && target.canonicalize().ok() == here {
        return Err(UsageError::IsSource(target.to_owned()));
    }
    if target.exists() && !photos.overwrite {
        return Err(UsageError::Exists(target.to_owned()));
    }
    Ok(Plan::File {
        source,
        target: target.to_owned(),
        format,
    })
}

/// The format that a result's name asks for, unless it is not written or something else was asked for as well.
fn agreed_format(target: &Path, told: Option<OutputFormat>) -> Result<OutputFormat, UsageError> {
    let named = named_format(target).ok_or_else(|| UsageError::UnknownFormat(target.to_owned()))?;
    match told {
        Some(told) if told != named => Err(UsageError::TwoFormats {
            target: target.to_owned(),
            named,
            told,
        }),
        _ => Ok(named),
    }
}

fn into_folder(files: &[PathBuf], output: &Path) -> Result<Plan, UsageError> {
    if output.is_file() {
        return Err(UsageError::NotAFolder(output.to_owned()));
    }
    let found = sources::find(files, output)?;
    if found.sources.is_empty() && found.failures.is_empty() {
        return Err(UsageError::NoPhotos(listed(files)));
    }
    let output = output.to_owned();
    Ok(Plan::Folder { found, output })
}

fn listed(files: &[PathBuf]) -> String {
    let names: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    names.join(", ")
}

/// The format that a file's name asks for.
pub(crate) fn named_format(path: &Path) -> Option<OutputFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some(OutputFormat::Jpeg),
        "png" => Some(OutputFormat::Png),
        "webp" => Some(OutputFormat::Webp),
        "avif" => Some(OutputFormat::Avif),
        _ => None,
    }
}

fn is_picture_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    let not_written = || {
        NOT_WRITTEN
            .iter()
            .any(|other| extension.eq_ignore_ascii_case(other))
    };
    named_format(path).is_some() || not_written()
}
