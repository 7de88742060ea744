//! One photo: read, rendered, written.

use std::{
    io::{self, Cursor, Write as _},
    ops::ControlFlow,
    path::Path,
};

use anyhow::Context as _;
use engine::{Fonts, Limits, Logo, Material, Rendered};
use schemas::{Context, Contrast, FieldError, OutputFormat, Recipe, Request, recipe::Date};

use super::plan::{Job, kept_format};
use crate::commands::photos::{Input, LogoFile, UsageError, persist, temporary_in};

/// What every photo of a run has in common.
#[derive(Debug)]
pub(super) struct Renderer {
    request: Request,
    fonts: Fonts,
    logo: Option<Logo>,
    limits: Limits,
    today: Date,
}

/// What became of a photo.
pub(super) struct Made {
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) contrast: Option<Contrast>,
}

/// Makes one photo of the plan.
pub(super) fn make(renderer: &Renderer, job: &Job) -> anyhow::Result<Made> {
    let source = job.source.read()?;
    let rendered = renderer.render(&source, &job.source.stem(), job.format)?;
    write(&job.target, &rendered.bytes, job.may_replace)
        .with_context(|| job.target.display().to_string())?;
    Ok(Made {
        bytes_in: source.len() as u64,
        bytes_out: rendered.bytes.len() as u64,
        contrast: rendered.contrast,
    })
}

impl Renderer {
    /// What `request` asks for, with the logo in the file `logo`, refused at once where no photo could be given it.
    ///
    /// # Errors
    /// When the mark's text has an unknown variable, is too long whatever its variables say, or cannot be drawn; when the
    /// file is no logo.
    pub(super) fn new(
        mut request: Request,
        logo: Option<&Path>,
        fonts: Fonts,
        limits: Limits,
    ) -> anyhow::Result<Self> {
        let today = Date::from(jiff::Timestamp::now());
        if logo.is_some() {
            request.add_logo()?;
        }
        if let Some(text) = sample(&request, today)?.wm_text {
            fonts
                .check(text.as_str())
                .map_err(UsageError::MissingGlyph)?;
        }
        Ok(Self {
            logo: logo.map(LogoFile::read).transpose()?.map(|file| file.logo),
            request,
            fonts,
            limits,
            today,
        })
    }

    /// Reads and renders `input`.
    pub(super) fn render_input(
        &self,
        input: &Input,
        named: Option<OutputFormat>,
    ) -> anyhow::Result<Rendered> {
        self.render(&input.read()?, &input.stem(), named)
    }

    /// Renders `source`; a format that is left open is `named`'s, else the source's own.
    fn render(
        &self,
        source: &[u8],
        name: &str,
        named: Option<OutputFormat>,
    ) -> anyhow::Result<Rendered> {
        let recipe = self.recipe(source, name, named)?;
        let go_on = &mut |_| ControlFlow::Continue(());
        let material = Material {
            fonts: &self.fonts,
            logo: self.logo.as_ref(),
        };
        Ok(engine::render(
            source,
            &recipe,
            material,
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
            size: header.displayed(),
            exif: header.exif,
            auto_format: named.unwrap_or(kept_format(header.format)),
        };
        // The call was checked: what is wrong now is what this photo says of itself, so it is no usage error.
        let resolved = self.request.clone().resolve(&context);
        let recipe = resolved.map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(self.fonts.named_in(recipe)?)
    }
}

/// The request for a photo that says nothing of itself, else for one that says as little as it can: what neither can be
/// given, no photo can.
fn sample(request: &Request, today: Date) -> Result<Recipe, FieldError> {
    let silent = Context::new(today, OutputFormat::Jpeg);
    let mut terse = silent.clone();
    for said in [
        &mut terse.filename,
        &mut terse.exif.date,
        &mut terse.exif.artist,
        &mut terse.exif.copyright,
    ] {
        "x".clone_into(said);
    }
    let recipe = request.clone().resolve(&silent);
    recipe.or_else(|_| request.clone().resolve(&terse))
}

/// Writes a result whole or not at all, and never over a file that appeared meanwhile unless it may be replaced.
fn write(target: &Path, bytes: &[u8], may_replace: bool) -> io::Result<()> {
    let mut file = temporary_in(target.parent().unwrap_or(Path::new("")))?;
    file.write_all(bytes)?;
    persist(file, target, may_replace).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_text(text: &str) -> anyhow::Result<Renderer> {
        let mut request = Request::default();
        request.set("wm_text", text).unwrap();
        Renderer::new(request, None, Fonts::embedded(), Limits::default())
    }

    #[test]
    fn a_mark_that_no_photo_can_bear_is_refused_at_once() {
        assert!(with_text("{nope}").unwrap_err().is::<FieldError>());
        assert!(with_text(&"x".repeat(257)).unwrap_err().is::<FieldError>());
        assert!(with_text("a\u{e000}").unwrap_err().is::<UsageError>());
    }

    #[test]
    fn a_mark_that_some_photo_can_bear_is_tried() {
        with_text("{exif.copyright}").unwrap();
        with_text(&("x".repeat(256) + "{exif.artist}")).unwrap();
    }
}
