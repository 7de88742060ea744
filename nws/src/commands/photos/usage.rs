//! Calls that cannot be meant.

use std::path::PathBuf;

use engine::MissingGlyph;
use schemas::OutputFormat;

/// A call that cannot be meant: nothing was made, and the process exits with 64 (`EX_USAGE`).
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("-o OUT is missing: where shall the results go?")]
    NoOutput,
    #[error("standard output is a terminal; redirect it, or name a file with -o")]
    Terminal,
    #[error("several photos cannot go into one stream; name a folder with -o")]
    ManyIntoStream,
    #[error("{}: several photos cannot go into one file; name a folder with -o", .0.display())]
    ManyIntoFile(PathBuf),
    #[error("- is standard input and stands alone")]
    StdinAmongFiles,
    #[error("{}: standard input has no name to keep in a folder; name a .jpg, .png, .webp or .avif file with -o", .0.display())]
    StdinIntoFolder(PathBuf),
    #[error("{}: this format is not written; .jpg, .jpeg, .png, .webp and .avif are", .0.display())]
    UnknownFormat(PathBuf),
    #[error("{}: the name says {}, --wm-format says {}", target.display(), named.as_str(), told.as_str())]
    TwoFormats {
        target: PathBuf,
        named: OutputFormat,
        told: OutputFormat,
    },
    #[error("{} is a file, and several results need a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{} is read already: results among their sources would be marked again by the next run; name another folder with -o", .0.display())]
    IntoItself(PathBuf),
    #[error("{} is the source itself, and a source is never replaced", .0.display())]
    IsSource(PathBuf),
    #[error("{} is there already; say --overwrite to replace it", .0.display())]
    Exists(PathBuf),
    #[error("{}: there is no such file or folder", .0.display())]
    NotFound(PathBuf),
    #[error("no photo in {0}: JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP and JPEG XL are")]
    NoPhotos(String),
    #[error("wm_logo: {}: {problem}", path.display())]
    Logo { path: PathBuf, problem: String },
    #[error("--server: {0}")]
    Server(String),
    #[error("--ca-file: {}: {problem}", path.display())]
    CaFile { path: PathBuf, problem: String },
    #[error(
        "--json and a photo cannot both go to standard output; name a file or a folder with -o"
    )]
    JsonAndPhoto,
    #[error("wm_text: {0}")]
    MissingGlyph(MissingGlyph),
}
