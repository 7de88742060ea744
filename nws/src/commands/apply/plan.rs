//! Which file becomes which.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use engine::Format;
use schemas::OutputFormat;

use crate::{
    cli::Apply,
    commands::photos::{self, Failure, Found, Input, Names, Source, named_format},
};

/// What is to be done.
#[derive(Debug)]
pub(super) enum Plan {
    /// One photo to standard output.
    Stream { source: Input },
    /// Photos to files. The failures could not be looked at; `skipped` files in the folders are no photos.
    Files {
        jobs: Vec<Job>,
        failures: Vec<Failure>,
        skipped: usize,
    },
}

/// One photo's way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) source: Input,
    pub(super) target: PathBuf,
    /// The format that the target's name asks for.
    pub(super) format: Option<OutputFormat>,
    pub(super) may_replace: bool,
}

/// Decides every name before the first photo is made.
///
/// # Errors
/// `UsageError` for a call that cannot be meant; an I/O error when the output folder cannot be made.
pub(super) fn plan(apply: &Apply) -> anyhow::Result<Plan> {
    match photos::plan(&apply.photos)? {
        photos::Plan::Stream { source } => Ok(Plan::Stream { source }),
        photos::Plan::File {
            source,
            target,
            format,
        } => Ok(one_file(source, target, format, apply.photos.overwrite)),
        photos::Plan::Folder { found, output } => into_folder(apply, found, &output),
    }
}

fn one_file(source: Input, target: PathBuf, format: OutputFormat, may_replace: bool) -> Plan {
    let job = Job {
        source,
        target,
        format: Some(format),
        may_replace,
    };
    Plan::Files {
        jobs: vec![job],
        failures: Vec::new(),
        skipped: 0,
    }
}

fn into_folder(apply: &Apply, found: Found, output: &Path) -> anyhow::Result<Plan> {
    let Found {
        sources,
        failures,
        skipped,
        ..
    } = found;
    if !sources.is_empty() {
        fs::create_dir_all(output).with_context(|| output.display().to_string())?;
    }
    let (overwrite, explicit) = (apply.photos.overwrite, apply.photos.recipe.format());
    let paths = sources.iter().map(|source| source.path.as_path());
    let mut names = Names::new(paths, overwrite);
    let jobs = sources.into_iter().map(|source| {
        let wanted = output.join(source.below.with_extension(extension(&source, explicit)));
        Job {
            target: names.take(&wanted),
            source: Input::File(source.path),
            format: None,
            may_replace: overwrite,
        }
    });
    Ok(Plan::Files {
        jobs: jobs.collect(),
        failures,
        skipped,
    })
}

/// The result's extension: the source's own where the format stays, so that `IMG.JPG` becomes `IMG.JPG`.
fn extension(source: &Source, explicit: Option<OutputFormat>) -> OsString {
    let own = source.path.extension();
    let kept = source.format.map(kept_format);
    let format = explicit.or(kept).unwrap_or(OutputFormat::Jpeg);
    match own {
        Some(own) if named_format(&source.path) == Some(format) => own.to_owned(),
        _ => format.extension().into(),
    }
}

/// The format that keeps a source as it is: GIF, TIFF, BMP and JPEG XL
/// are not written, and PNG loses none of their colours.
pub(super) const fn kept_format(format: Format) -> OutputFormat {
    match format {
        Format::Jpeg => OutputFormat::Jpeg,
        Format::Png | Format::Gif | Format::Tiff | Format::Bmp | Format::Jxl => OutputFormat::Png,
        Format::Avif => OutputFormat::Avif,
        Format::Webp => OutputFormat::Webp,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        cli::{Cli, Command},
        commands::photos::UsageError,
    };

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
            .map(|job| (below(job.source.path().unwrap()), below(&job.target)))
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
        let beside = planned(&folder, &["@in/a.jpg", "-o", "@in", "--overwrite"]).unwrap();
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

    #[test]
    fn a_call_that_cannot_be_meant_makes_nothing() {
        let folder = folder(&[("in/a.jpg", JPEG), ("in/b.jpg", JPEG), ("file", b"")]);
        for (arguments, named) in [
            (vec!["@gone.jpg", "-o", "@out"], "no such file"),
            (vec!["@gone.jpg", "-o", "@out.jpg"], "no such file"),
            (vec!["@gone.jpg", "-o", "-"], "no such file"),
            (vec!["@in/a.jpg", "@gone.jpg", "-o", "@out"], "gone.jpg"),
            (vec!["@in/a.jpg", "-o", "@out.gif"], ".avif are"),
            (vec!["@in/a.jpg", "-o", "@out.HEIC"], ".avif are"),
            (vec!["@in/a.jpg", "-o", "@out.tiff"], ".avif are"),
            (
                vec!["@in/a.jpg", "-o", "@out.png", "--wm-format", "webp"],
                "--wm-format says webp",
            ),
            (vec!["@in", "-o", "@out.jpg"], "one file"),
            (vec!["@in/a.jpg", "@in/b.jpg", "-o", "@out.gif"], "one file"),
            (vec!["-", "-o", "@out"], "no name"),
            (vec!["-", "@in/a.jpg", "-o", "@out"], "stands alone"),
            (vec!["@in", "-o", "@file"], "is a file"),
            (vec!["@in", "-o", "-"], "one stream"),
            (vec!["@in"], "-o OUT is missing"),
        ] {
            let error = planned(&folder, &arguments).unwrap_err();
            assert!(error.is::<UsageError>(), "{arguments:?}: {error}");
            assert!(error.to_string().contains(named), "{arguments:?}: {error}");
            let left = fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(left, 2, "{arguments:?} made something");
        }
    }

    #[test]
    fn a_folder_does_not_take_its_own_results() {
        let folder = folder(&[("in/a.jpg", JPEG)]);
        let error = planned(&folder, &["@in", "-o", "@in", "--overwrite"]).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        assert!(error.to_string().contains("marked again"), "{error}");
    }

    #[test]
    fn a_format_that_is_said_twice_alike_is_said() {
        let folder = folder(&[("a.jpg", JPEG)]);
        for format in ["png", "auto"] {
            let arguments = ["@a.jpg", "-o", "@b.png", "--wm-format", format];
            assert_eq!(
                planned(&folder, &arguments).unwrap(),
                pairs(&[("a.jpg", "b.png")])
            );
        }
    }

    #[test]
    fn a_photo_by_name_alone_is_tried_and_a_companion_is_not() {
        let folder = folder(&[
            ("in/half.JPG", b""),
            ("in/._a.jpg", b"Mac OS X"),
            ("in/a.txt", b""),
        ]);
        assert_eq!(
            planned(&folder, &["@in", "-o", "@out"]).unwrap(),
            pairs(&[("in/half.JPG", "out/half.JPG")])
        );
    }
}
