//! What is to be sent, and where its result goes.

use std::path::{Path, PathBuf};

use schemas::OutputFormat;

use crate::{
    cli::Photos,
    commands::photos::{self, Failure, Found, Input, Names, UsageError, named_format},
};

/// Everything that a call asks for.
#[derive(Debug)]
pub(super) struct Errands {
    pub(super) photos: Vec<Photo>,
    /// The format that a result's name asks for.
    pub(super) format: Option<OutputFormat>,
    pub(super) names: Names,
    /// What could not be looked at.
    pub(super) failures: Vec<Failure>,
    pub(super) skipped: usize,
}

/// One photo.
#[derive(Debug)]
pub(super) struct Photo {
    pub(super) source: Input,
    pub(super) target: Target,
}

/// Where a result goes.
#[derive(Debug)]
pub(super) enum Target {
    Stream,
    /// A file of this name and no other.
    File(PathBuf),
    /// A file of this name, with the extension of whatever format comes, and a number where it is taken.
    Like(PathBuf),
}

/// Decides what is sent, and reserves a name for each result: the same call gives the same names, in whatever order the
/// server is done.
///
/// # Errors
/// For a call that cannot be meant.
pub(super) fn errands(asked: &Photos) -> Result<Errands, UsageError> {
    Ok(match photos::plan(asked)? {
        photos::Plan::Stream { source } => single(source, Target::Stream, None, asked),
        photos::Plan::File {
            source,
            target,
            format,
        } => single(source, Target::File(target), Some(format), asked),
        photos::Plan::Folder { found, output } => many(found, &output, asked),
    })
}

fn single(source: Input, target: Target, format: Option<OutputFormat>, asked: &Photos) -> Errands {
    Errands {
        names: Names::new(source.path().into_iter(), asked.overwrite),
        photos: vec![Photo { source, target }],
        format,
        failures: Vec::new(),
        skipped: 0,
    }
}

fn many(found: Found, output: &Path, asked: &Photos) -> Errands {
    let paths = found.sources.iter().map(|source| source.path.as_path());
    let names = Names::new(paths, asked.overwrite);
    let mut reserved = Names::of_nothing();
    let photos = found.sources.into_iter().map(|source| {
        let result = OutputFormat::Jpeg.extension(); // any, as long as it is the same
        let wanted = output.join(source.below.with_extension(result));
        Photo {
            target: Target::Like(reserved.reserve(&wanted)),
            source: Input::File(source.path),
        }
    });
    Errands {
        photos: photos.collect(),
        format: None,
        names,
        failures: found.failures,
        skipped: found.skipped,
    }
}

impl Photo {
    /// The name of its result in `format`: spelled as the source's where that has the same format, so that `IMG.JPG` becomes
    /// `IMG.JPG`.
    pub(super) fn named(&self, like: &Path, format: OutputFormat) -> PathBuf {
        let own = self.source.path();
        let own = own.filter(|path| named_format(path) == Some(format));
        match own.and_then(Path::extension) {
            Some(own) => like.with_extension(own),
            None => like.with_extension(format.extension()),
        }
    }
}
