//! Which file becomes which.

use std::{
    collections::HashSet,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use engine::Format;
use schemas::OutputFormat;
use walkdir::WalkDir;

use super::{UsageError, names::Names};
use crate::cli::Apply;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Plan {
    /// One photo to standard output, from a file or from standard input.
    Stream { source: Option<PathBuf> },
    /// Files to files; `skipped` files in the folders are no photos.
    Files { jobs: Vec<Job>, skipped: usize },
}

/// One photo's way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) source: PathBuf,
    pub(super) target: PathBuf,
    /// The format that the target's name asks for.
    pub(super) format: Option<OutputFormat>,
    pub(super) may_replace: bool,
}

/// A photo, and where below the output folder its result belongs.
struct Source {
    path: PathBuf,
    below: PathBuf,
    format: Option<Format>,
}

const STREAM: &str = "-";

/// Decides every name before the first photo is made.
///
/// # Errors
/// [`UsageError`] for a call that cannot be meant; I/O errors of reading folders.
pub(super) fn plan(apply: &Apply) -> anyhow::Result<Plan> {
    let reads_stdin = apply.files.iter().any(|file| file == Path::new(STREAM));
    if reads_stdin && apply.files.len() > 1 {
        return Err(UsageError::StdinAmongFiles.into());
    }
    let output = match apply.output.as_deref() {
        None if reads_stdin => return Ok(Plan::Stream { source: None }),
        None => return Err(UsageError::NoOutput.into()),
        Some(output) if output == Path::new(STREAM) => return stream(&apply.files, reads_stdin),
        Some(output) => output,
    };
    anyhow::ensure!(
        !reads_stdin,
        "standard input can only go to standard output: leave -o out, and redirect"
    );
    if let ([source], Some(format)) = (apply.files.as_slice(), named_format(output))
        && !source.is_dir()
        && !output.is_dir()
    {
        return one_file(source, output, format, apply.overwrite);
    }
    into_folder(apply, output)
}

fn stream(files: &[PathBuf], reads_stdin: bool) -> anyhow::Result<Plan> {
    match files {
        _ if reads_stdin => Ok(Plan::Stream { source: None }),
        [file] if !file.is_dir() => Ok(Plan::Stream {
            source: Some(file.clone()),
        }),
        _ => Err(UsageError::ManyIntoOne(files.len()).into()),
    }
}

fn one_file(
    source: &Path,
    target: &Path,
    format: OutputFormat,
    overwrite: bool,
) -> anyhow::Result<Plan> {
    let here = source
        .canonicalize()
        .map_err(|_| UsageError::NotFound(source.display().to_string()))?;
    if target.canonicalize().is_ok_and(|target| target == here) {
        return Err(UsageError::IsSource(target.display().to_string()).into());
    }
    if target.exists() && !overwrite {
        return Err(UsageError::Exists(target.display().to_string()).into());
    }
    let (source, target) = (source.to_owned(), target.to_owned());
    Ok(Plan::Files {
        jobs: vec![Job {
            source,
            target,
            format: Some(format),
            may_replace: overwrite,
        }],
        skipped: 0,
    })
}

fn into_folder(apply: &Apply, output: &Path) -> anyhow::Result<Plan> {
    std::fs::create_dir_all(output).with_context(|| output.display().to_string())?;
    let (sources, skipped) = sources(&apply.files, &output.canonicalize()?)?;
    if sources.is_empty() {
        let files: Vec<_> = apply
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        return Err(UsageError::NoPhotos(files.join(", ")).into());
    }
    let explicit = apply.recipe.format();
    let mut names = Names::new(
        sources.iter().map(|source| source.path.as_path()),
        apply.overwrite,
    );
    let jobs = sources.into_iter().map(|source| {
        let wanted = output.join(source.below.with_extension(extension(&source, explicit)));
        Job {
            target: names.take(&wanted),
            source: source.path,
            format: None,
            may_replace: apply.overwrite,
        }
    });
    Ok(Plan::Files {
        jobs: jobs.collect(),
        skipped,
    })
}

/// Every photo among `files` and in the folders among them, each once, and how many other files the folders hold.
fn sources(files: &[PathBuf], output: &Path) -> anyhow::Result<(Vec<Source>, usize)> {
    let (mut sources, mut skipped, mut seen) = (Vec::new(), 0, HashSet::new());
    for file in files {
        let found = if file.is_dir() {
            in_folder(file, output)?
        } else {
            vec![named(file)?]
        };
        for source in found {
            if !seen.insert(source.path.canonicalize()?) {
                continue;
            }
            // A file that was named is tried, and its failure is told; a folder may hold anything.
            if source.format.is_none() && file.is_dir() {
                skipped += 1;
            } else {
                sources.push(source);
            }
        }
    }
    Ok((sources, skipped))
}

fn named(file: &Path) -> anyhow::Result<Source> {
    let name = file
        .file_name()
        .ok_or_else(|| UsageError::NotFound(file.display().to_string()))?;
    if !file.exists() {
        return Err(UsageError::NotFound(file.display().to_string()).into());
    }
    Ok(Source {
        path: file.to_owned(),
        below: PathBuf::from(name),
        format: format_of(file)?,
    })
}

/// The files below `folder`, in the order of their names, without what lies in the output folder.
fn in_folder(folder: &Path, output: &Path) -> anyhow::Result<Vec<Source>> {
    let is_input =
        |path: &Path| path == folder || path.canonicalize().is_ok_and(|path| path != output);
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    let mut sources = Vec::new();
    for entry in entries.filter_entry(|entry| is_input(entry.path())) {
        let entry = entry.with_context(|| folder.display().to_string())?;
        if entry.file_type().is_file() {
            let below = entry
                .path()
                .strip_prefix(folder)
                .context("walkdir stays below its root")?
                .to_owned();
            sources.push(Source {
                format: format_of(entry.path())?,
                path: entry.into_path(),
                below,
            });
        }
    }
    Ok(sources)
}

/// What the first bytes of a file say it is.
fn format_of(path: &Path) -> anyhow::Result<Option<Format>> {
    let mut magic = Vec::with_capacity(Format::MAGIC_BYTES);
    let file = File::open(path).with_context(|| path.display().to_string())?;
    file.take(Format::MAGIC_BYTES as u64)
        .read_to_end(&mut magic)
        .with_context(|| path.display().to_string())?;
    Ok(Format::of_bytes(&magic))
}

/// The result's extension: the source's own where the format stays, so that `IMG.JPG` becomes `IMG.JPG`.
fn extension(source: &Source, explicit: Option<OutputFormat>) -> String {
    let own = source
        .path
        .extension()
        .map(|own| own.to_string_lossy().into_owned());
    let kept = source.format.map(kept_format);
    let format = explicit.or(kept).unwrap_or(OutputFormat::Jpeg);
    match own {
        Some(own) if named_format(&source.path) == Some(format) => own,
        _ => format.extension().to_owned(),
    }
}

/// The format that keeps a source as it is: GIF has more than one picture and few colours, PNG loses none of them.
pub(super) const fn kept_format(format: Format) -> OutputFormat {
    match format {
        Format::Jpeg => OutputFormat::Jpeg,
        Format::Png | Format::Gif => OutputFormat::Png,
        Format::Webp => OutputFormat::Webp,
    }
}

/// The format that a file's name asks for.
fn named_format(path: &Path) -> Option<OutputFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some(OutputFormat::Jpeg),
        "png" => Some(OutputFormat::Png),
        "webp" => Some(OutputFormat::Webp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser as _;
    use tempfile::TempDir;

    use super::*;
    use crate::cli::{Cli, Command};

    const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0];
    const GIF: &[u8] = b"GIF89a";

    fn folder(files: &[(&str, &[u8])]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn planned(folder: &TempDir, arguments: &[&str]) -> anyhow::Result<Vec<(String, String)>> {
        let arguments = arguments
            .iter()
            .map(|argument| match argument.strip_prefix('@') {
                Some(path) => folder.path().join(path).display().to_string(),
                None => (*argument).to_owned(),
            });
        let cli = Cli::parse_from(
            ["nws".to_owned(), "apply".to_owned()]
                .into_iter()
                .chain(arguments),
        );
        let Some(Command::Apply(apply)) = cli.command else {
            panic!("apply was parsed")
        };
        let Plan::Files { jobs, .. } = plan(&apply)? else {
            panic!("files are planned")
        };
        let below = |path: &Path| {
            path.strip_prefix(folder.path())
                .unwrap()
                .display()
                .to_string()
        };
        Ok(jobs
            .iter()
            .map(|job| (below(&job.source), below(&job.target)))
            .collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(source, target)| ((*source).to_owned(), (*target).to_owned()))
            .collect()
    }

    #[test]
    fn a_folder_keeps_its_shape_and_leaves_other_files_alone() {
        let folder = folder(&[
            ("in/a.JPG", JPEG),
            ("in/b/c.gif", GIF),
            ("in/notes.txt", b"hello"),
        ]);
        let planned = planned(&folder, &["@in", "-o", "@out"]).unwrap();
        assert_eq!(
            planned,
            pairs(&[("in/a.JPG", "out/a.JPG"), ("in/b/c.gif", "out/b/c.png")])
        );
    }

    #[test]
    fn colliding_names_get_a_number() {
        let folder = folder(&[
            ("x/a.jpg", JPEG),
            ("y/a.jpg", JPEG),
            ("out/a.jpg", b"something else"),
        ]);
        let planned = planned(&folder, &["@x/a.jpg", "@y/a.jpg", "-o", "@out"]).unwrap();
        assert_eq!(
            planned,
            pairs(&[("x/a.jpg", "out/a-2.jpg"), ("y/a.jpg", "out/a-3.jpg")])
        );
    }

    #[test]
    fn a_source_is_never_the_target() {
        let folder = folder(&[("in/a.jpg", JPEG)]);
        let beside = planned(&folder, &["@in", "-o", "@in", "--overwrite"]).unwrap();
        assert_eq!(beside, pairs(&[("in/a.jpg", "in/a-2.jpg")]));
        assert!(planned(&folder, &["@in/a.jpg", "-o", "@in/a.jpg", "--overwrite"]).is_err());
    }

    #[test]
    fn results_of_an_earlier_run_are_no_sources() {
        let folder = folder(&[("in/a.jpg", JPEG), ("in/marked/a.jpg", JPEG)]);
        let planned = planned(&folder, &["@in", "-o", "@in/marked", "--overwrite"]).unwrap();
        assert_eq!(planned, pairs(&[("in/a.jpg", "in/marked/a.jpg")]));
    }

    #[test]
    fn the_same_photo_named_twice_is_made_once() {
        let folder = folder(&[("in/a.jpg", JPEG)]);
        assert_eq!(
            planned(&folder, &["@in/a.jpg", "@in", "-o", "@out"])
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_single_photo_may_name_its_result() {
        let folder = folder(&[("a.jpg", JPEG), ("there.webp", b"")]);
        assert_eq!(
            planned(&folder, &["@a.jpg", "-o", "@b.webp"]).unwrap(),
            pairs(&[("a.jpg", "b.webp")])
        );
        assert!(planned(&folder, &["@a.jpg", "-o", "@there.webp"]).is_err());
    }

    #[test]
    fn what_is_not_there_is_named() {
        let folder = folder(&[("empty/notes.txt", b"hello")]);
        assert!(
            planned(&folder, &["@gone.jpg", "-o", "@out"])
                .unwrap_err()
                .to_string()
                .contains("gone.jpg")
        );
        assert!(
            planned(&folder, &["@empty", "-o", "@out"])
                .unwrap_err()
                .to_string()
                .contains("no photo")
        );
    }
}
