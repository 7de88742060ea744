//! One photo: read, rendered, written.

use std::{
    fs,
    io::{Cursor, Write as _},
    ops::ControlFlow,
    path::Path,
};

use anyhow::Context as _;
use engine::{Fonts, Limits, Rendered};
use schemas::{Context, OutputFormat, Recipe, Request, recipe::Date};

use super::{
    SOURCE_BYTES_MAX,
    plan::{Job, kept_format},
};

/// What every photo of a run has in common.
pub(super) struct Renderer {
    request: Request,
    fonts: Fonts,
    limits: Limits,
    today: Date,
}

/// What became of a photo.
pub(super) struct Made {
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// Makes one photo of the plan.
pub(super) fn make(renderer: &Renderer, job: &Job) -> anyhow::Result<Made> {
    let source = read(&job.source)?;
    let rendered = renderer.render(&source, &stem(&job.source), job.format)?;
    write(&job.target, &rendered.bytes, job.may_replace)
        .with_context(|| job.target.display().to_string())?;
    Ok(Made {
        bytes_in: source.len() as u64,
        bytes_out: rendered.bytes.len() as u64,
    })
}

impl Renderer {
    pub(super) fn new(request: Request, limits: Limits) -> Self {
        Self {
            request,
            fonts: Fonts::embedded(),
            limits,
            today: jiff::Timestamp::now().into(),
        }
    }

    /// Renders `source`; a format that is left open is `named`'s, else the source's own.
    pub(super) fn render(
        &self,
        source: &[u8],
        name: &str,
        named: Option<OutputFormat>,
    ) -> anyhow::Result<Rendered> {
        let recipe = self.recipe(source, name, named)?;
        let go_on = &mut |_| ControlFlow::Continue(());
        Ok(engine::render(
            source,
            &recipe,
            &self.fonts,
            &self.limits,
            go_on,
        )?)
    }

    fn recipe(
        &self,
        source: &[u8],
        name: &str,
        named: Option<OutputFormat>,
    ) -> anyhow::Result<Recipe> {
        let header = engine::inspect(Cursor::new(source), &self.limits)?;
        let context = Context {
            today: self.today,
            filename: name.to_owned(),
            exif: header.exif,
            auto_format: named.unwrap_or(kept_format(header.format)),
        };
        Ok(self.request.clone().resolve(&context)?)
    }
}

/// Reads a photo of bounded length.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size_bytes = fs::metadata(path)
        .with_context(|| path.display().to_string())?
        .len();
    anyhow::ensure!(
        size_bytes <= SOURCE_BYTES_MAX,
        "file has {size_bytes} bytes, the limit is {SOURCE_BYTES_MAX}"
    );
    Ok(fs::read(path)?)
}

/// A file's name without its folder and extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Writes a result whole or not at all, and never over a file that appeared meanwhile unless it may be replaced.
fn write(target: &Path, bytes: &[u8], may_replace: bool) -> anyhow::Result<()> {
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = temporary_in(folder)?;
    file.write_all(bytes)?;
    if may_replace {
        file.persist(target)?
    } else {
        file.persist_noclobber(target)?
    };
    Ok(())
}

/// A temporary file that others may read once it has its name: the default is for secrets.
fn temporary_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nws-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
