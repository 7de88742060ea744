//! A client's fields, and how they become a recipe.

use std::borrow::Cow;

use super::{
    Align, Color, Copyright, Date, ENGINE_REVISION, ExifTexts, FontFiles, LogoSize, MarkText,
    MaxBytes, Opacity, OutputFormat, Position, Profile, Quality, Recipe, Rotation, Side, Size,
    Spacing,
    values::{ValueError, switch},
    variables,
};

/// The fields that are built, by their names in forms and JSON. As a flag, a dash stands for the underscore.
pub const FIELDS: [&str; 17] = [
    "wm_text",
    "wm_position",
    "wm_size",
    "wm_opacity",
    "wm_color",
    "wm_rotate",
    "wm_spacing",
    "wm_align",
    "wm_logo_size",
    "wm_format",
    "width",
    "height",
    "quality",
    "profile",
    "copyright",
    "progressive",
    "max_bytes",
];

/// The variables of `wm_text` and `copyright`.
pub(super) const VARIABLES: [&str; 8] = [
    "year",
    "date",
    "filename",
    "width",
    "height",
    "exif.date",
    "exif.artist",
    "exif.copyright",
];

const TEXT_DEFAULT: &str = "NWS © {year}";

/// What a client asked for: fields that were given, each valid by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    text: Option<String>,
    position: Option<Position>,
    size: Option<Size>,
    opacity: Option<Opacity>,
    color: Option<Color>,
    rotation: Option<Rotation>,
    spacing: Option<Spacing>,
    align: Option<Align>,
    has_logo: bool,
    logo_size: Option<LogoSize>,
    format: Option<Option<OutputFormat>>,
    width: Option<Side>,
    height: Option<Side>,
    quality: Option<Quality>,
    profile: Option<Profile>,
    copyright: Option<String>,
    progressive: Option<bool>,
    max_bytes: Option<MaxBytes>,
}

/// What a request's variables and its `auto` format stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The day of the upload, UTC.
    pub today: Date,
    /// The file's name as the client gave it, without its folder and extension.
    pub filename: String,
    /// Width and height of the photo as it is displayed, before it is fitted; zeros for one that is not there yet.
    pub size: (u32, u32),
    /// What the photo says of itself.
    pub exif: ExifTexts,
    /// What `wm_format=auto` becomes.
    pub auto_format: OutputFormat,
}

/// A field that cannot be taken, and why. `measured` and `limit` stand where it is a limit that was passed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// What is wrong with its value.
    pub problem: String,
    /// What was measured.
    pub measured: Option<u64>,
    /// What is allowed.
    pub limit: Option<u64>,
}

impl Request {
    /// Takes one field.
    ///
    /// # Errors
    /// When the field is unknown, given twice, or its value is out of range.
    pub fn set(&mut self, field: &str, value: &str) -> Result<(), FieldError> {
        let taken = match field {
            "wm_text" => put(&mut self.text, Ok(value.to_owned())),
            "wm_position" => put(&mut self.position, value.parse()),
            "wm_size" => put(&mut self.size, value.parse()),
            "wm_opacity" => put(&mut self.opacity, value.parse()),
            "wm_color" => put(&mut self.color, value.parse()),
            "wm_rotate" => put(&mut self.rotation, value.parse()),
            "wm_spacing" => put(&mut self.spacing, value.parse()),
            "wm_align" => put(&mut self.align, value.parse()),
            "wm_logo_size" => put(&mut self.logo_size, value.parse()),
            "wm_format" if value == "auto" => put(&mut self.format, Ok(None)),
            "wm_format" => put(&mut self.format, value.parse().map(Some)),
            "width" => put(&mut self.width, value.parse()),
            "height" => put(&mut self.height, value.parse()),
            "quality" => put(&mut self.quality, value.parse()),
            "profile" => put(&mut self.profile, value.parse()),
            "copyright" => put(&mut self.copyright, Ok(value.to_owned())),
            "progressive" => put(&mut self.progressive, switch(value)),
            "max_bytes" => put(&mut self.max_bytes, value.parse()),
            "wm_logo" => Err(ValueError::new("a logo is a picture, not a text")),
            _ => Err(ValueError::new(format!(
                "there is no such field; there are {}",
                FIELDS.join(", ")
            ))),
        };
        taken.map_err(|error| FieldError::new(field, error))
    }

    /// Takes note of a logo: its bytes are the caller's, and the job names them.
    ///
    /// # Errors
    /// When there is one already.
    pub fn add_logo(&mut self) -> Result<(), FieldError> {
        if self.has_logo {
            let twice = ValueError::new("given more than once");
            return Err(FieldError::new("wm_logo", twice));
        }
        self.has_logo = true;
        Ok(())
    }

    /// Whether the output format is left to the context.
    pub fn wants_auto_format(&self) -> bool {
        self.format.flatten().is_none()
    }

    /// Makes the request literal: variables replaced, `auto` format chosen, defaults filled in.
    ///
    /// What changes no pixel makes no other job: it is left at its default.
    ///
    /// # Errors
    /// When a text has an unknown variable or is too long once expanded, or the mark has nothing to draw; when there is a
    /// size for a logo and no logo.
    pub fn resolve(self, context: &Context) -> Result<Recipe, FieldError> {
        let text = self.literal_text(context)?;
        let template = self.copyright.as_deref().unwrap_or_default();
        let copyright = variables::replace(template, |name| context.value(name))
            .and_then(Copyright::try_from)
            .map_err(|error| FieldError::new("copyright", error))?;
        let (width, height) = fit_box(self.width, self.height);
        let format = self.format.flatten().unwrap_or(context.auto_format);
        let position = self.position.unwrap_or_default();
        let has_lines = text
            .as_ref()
            .is_some_and(|text| text.has_lines() || self.has_logo);
        Ok(Recipe {
            copyright,
            engine: ENGINE_REVISION,
            height,
            max_bytes: self.max_bytes,
            profile: match format {
                OutputFormat::Jpeg | OutputFormat::Png => Profile::default(),
                OutputFormat::Webp | OutputFormat::Avif => self.profile.unwrap_or_default(),
            },
            progressive: format == OutputFormat::Jpeg && self.progressive.unwrap_or_default(),
            quality: if format == OutputFormat::Png {
                Quality::Auto
            } else {
                self.quality.unwrap_or_default()
            },
            width,
            wm_align: where_it_counts(self.align, has_lines),
            wm_color: where_it_counts(self.color, text.is_some()),
            wm_fonts: FontFiles::default(),
            wm_format: format,
            wm_logo_size: self.literal_logo_size()?,
            wm_opacity: self.opacity.unwrap_or_default(),
            wm_position: position,
            wm_rotate: self.rotation.unwrap_or_default(),
            wm_size: where_it_counts(self.size, text.is_some()),
            wm_spacing: where_it_counts(self.spacing, position == Position::Tile),
            wm_text: text,
        })
    }

    /// The text that was given. A mark that is nothing else has a default; a logo needs no text beside it.
    fn literal_text(&self, context: &Context) -> Result<Option<MarkText>, FieldError> {
        let template = match &self.text {
            None if self.has_logo => return Ok(None),
            None => TEXT_DEFAULT,
            Some(text) => text,
        };
        variables::replace(template, |name| context.value(name))
            .and_then(MarkText::try_from)
            .map(Some)
            .map_err(|error| FieldError::new("wm_text", error))
    }

    /// A size without a logo is a logo that was forgotten.
    fn literal_logo_size(&self) -> Result<LogoSize, FieldError> {
        if self.logo_size.is_some() && !self.has_logo {
            let problem = ValueError::new("there is no wm_logo that would be of this size");
            return Err(FieldError::new("wm_logo_size", problem));
        }
        Ok(self.logo_size.unwrap_or_default())
    }
}

fn where_it_counts<T: Default>(given: Option<T>, counts: bool) -> T {
    given.filter(|_| counts).unwrap_or_default()
}

/// One side alone leaves the other free; none at all is the default box.
fn fit_box(width: Option<Side>, height: Option<Side>) -> (Side, Side) {
    match (width, height) {
        (None, None) => (Side::WIDTH_DEFAULT, Side::HEIGHT_DEFAULT),
        (width, height) => (width.unwrap_or(Side::MAX), height.unwrap_or(Side::MAX)),
    }
}

fn put<T>(slot: &mut Option<T>, value: Result<T, ValueError>) -> Result<(), ValueError> {
    if slot.is_some() {
        return Err(ValueError::new("given more than once"));
    }
    *slot = Some(value?);
    Ok(())
}

impl Context {
    /// A photo without a name and without EXIF.
    pub fn new(today: Date, auto_format: OutputFormat) -> Self {
        Self {
            today,
            filename: String::new(),
            size: (0, 0),
            exif: ExifTexts::default(),
            auto_format,
        }
    }

    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "year" => Some(self.today.year.to_string().into()),
            "date" => Some(self.today.to_string().into()),
            "filename" => Some(variables::tamed(&self.filename)),
            "width" => Some(self.size.0.to_string().into()),
            "height" => Some(self.size.1.to_string().into()),
            "exif.date" => Some(variables::tamed(&self.exif.date)),
            "exif.artist" => Some(variables::tamed(&self.exif.artist)),
            "exif.copyright" => Some(variables::tamed(&self.exif.copyright)),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let mut example = Self::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
        example.filename = "IMG_0042".to_owned();
        example.size = (4000, 3000);
        example.exif.artist = "Ada".to_owned();
        example
    }
}

impl FieldError {
    fn new(field: &str, error: ValueError) -> Self {
        Self {
            field: field.chars().take(64).collect(),
            problem: error.problem.into_owned(),
            measured: error.measured,
            limit: error.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(fields: &[(&str, &str)]) -> Result<Recipe, FieldError> {
        let mut request = Request::default();
        fields
            .iter()
            .try_for_each(|(field, value)| request.set(field, value))?;
        request.resolve(&Context::example())
    }

    #[test]
    fn variables_are_resolved_before_the_recipe_exists() {
        let recipe =
            recipe(&[("wm_text", "{filename} {date} {exif.artist}{exif.copyright}")]).unwrap();
        assert_eq!(recipe.wm_text.unwrap().as_str(), "IMG_0042 2026-11-20 Ada");
    }

    #[test]
    fn every_variable_that_is_told_of_has_a_value() {
        for name in VARIABLES {
            let text = format!("{{{name}}}x");
            recipe(&[("wm_text", &text), ("copyright", &text)]).unwrap();
        }
        let sized = recipe(&[("wm_text", "{width} × {height}")]).unwrap();
        assert_eq!(sized.wm_text.unwrap().as_str(), "4000 × 3000");
    }

    #[test]
    fn an_unknown_variable_is_told_which_there_are() {
        let refused = recipe(&[("wm_text", "{shutter}")]).unwrap_err().to_string();
        assert!(refused.contains("{shutter}"), "{refused}");
        for name in VARIABLES {
            assert!(refused.contains(&format!("{{{name}}}")), "{refused}");
        }
    }

    #[test]
    fn a_strangers_value_does_not_turn_the_text_around_it() {
        let mut context = Context::example();
        context.exif.artist = "\u{202e}ad\u{2066}A".to_owned();
        let mut request = Request::default();
        request.set("wm_text", "{exif.artist} 12").unwrap();
        let recipe = request.resolve(&context).unwrap();
        assert_eq!(recipe.wm_text.unwrap().as_str(), "adA 12");
    }

    #[test]
    fn a_value_that_is_too_long_is_measured() {
        let mut context = Context::example();
        context.filename = "x".repeat(100_000);
        let mut request = Request::default();
        request.set("wm_text", "{filename}").unwrap();
        let refused = request.resolve(&context).unwrap_err();
        assert_eq!(
            (refused.measured, refused.limit),
            (Some(100_000), Some(256))
        );
    }

    #[test]
    fn a_copyright_has_the_variables_of_the_mark() {
        let copyright = |text| recipe(&[("copyright", text)]).map(|recipe| recipe.copyright);
        assert_eq!(
            copyright("© {exif.artist} {year}").unwrap().as_str(),
            "© Ada 2026"
        );
        assert_eq!(copyright("{shutter}").unwrap_err().field, "copyright");
        assert_eq!(copyright(&"x".repeat(257)).unwrap_err().limit, Some(256));
    }

    #[test]
    fn a_mark_that_became_empty_is_refused() {
        assert_eq!(
            recipe(&[("wm_text", "{exif.copyright}")])
                .unwrap_err()
                .field,
            "wm_text"
        );
    }

    #[test]
    fn one_side_alone_leaves_the_other_free() {
        let sides = |fields: &[(&str, &str)]| {
            let recipe = recipe(fields).unwrap();
            (recipe.width.pixels(), recipe.height.pixels())
        };
        assert_eq!(sides(&[]), (1920, 1080));
        assert_eq!(sides(&[("width", "400")]), (400, 16_384));
        assert_eq!(sides(&[("height", "400")]), (16_384, 400));
    }

    #[test]
    fn nothing_is_silently_ignored() {
        for (field, value) in [
            ("wm_glitter", "1"),
            ("wm_rotate", "361"),
            ("wm_spacing", "-1"),
            ("wm_align", "middle"),
            ("quality", "0"),
            ("quality", "101"),
            ("width", "0"),
            ("width", "-1"),
            ("wm_size", "0.4"),
            ("wm_size", "NaN"),
            ("wm_logo_size", "101"),
            ("wm_logo_size", "10"),
            ("wm_logo", "logo.png"),
            ("wm_opacity", "1.1"),
            ("wm_opacity", "inf"),
            ("wm_format", "tiff"),
            ("profile", "slow"),
            ("progressive", "maybe"),
            ("max_bytes", "0"),
            ("wm_position", "middle"),
        ] {
            assert_eq!(
                recipe(&[(field, value)]).unwrap_err().field,
                field,
                "{value}"
            );
        }
        let twice = recipe(&[("width", "10"), ("width", "10")]).unwrap_err();
        assert!(twice.problem.contains("more than once"));
    }

    #[test]
    fn what_changes_no_pixel_makes_no_other_job() {
        let spaced = |position, spacing| {
            recipe(&[("wm_position", position), ("wm_spacing", spacing)]).unwrap()
        };
        assert_eq!(spaced("top", "5"), spaced("top", "50"));
        assert_ne!(spaced("tile", "5"), spaced("tile", "50"));
        let aligned = |text, align| recipe(&[("wm_text", text), ("wm_align", align)]).unwrap();
        assert_eq!(aligned("one", "left"), aligned("one", "right"));
        assert_ne!(aligned("one\ntwo", "left"), aligned("one\ntwo", "right"));
    }

    #[test]
    fn a_logo_alone_makes_one_job_whatever_is_said_of_letters() {
        let with_logo = |fields: &[(&str, &str)]| {
            let mut request = Request::default();
            request.add_logo().unwrap();
            for (field, value) in fields {
                request.set(field, value).unwrap();
            }
            request.resolve(&Context::example()).unwrap()
        };
        let letters = [
            ("wm_color", "#ff8000"),
            ("wm_size", "7"),
            ("wm_align", "left"),
        ];
        assert_eq!(with_logo(&letters), with_logo(&[]));
        let beside = |align| with_logo(&[("wm_text", "one"), ("wm_align", align)]);
        assert_ne!(beside("left"), beside("right"));
        let sized = |percent| with_logo(&[("wm_logo_size", percent)]);
        assert_ne!(sized("5"), sized("50"));
    }

    #[test]
    fn there_is_one_logo_at_most() {
        let mut request = Request::default();
        request.add_logo().unwrap();
        assert_eq!(request.add_logo().unwrap_err().field, "wm_logo");
    }

    #[test]
    fn a_quality_means_nothing_to_png_and_so_makes_no_other_job() {
        let png = |quality| recipe(&[("wm_format", "png"), ("quality", quality)]).unwrap();
        assert_eq!(png("80"), png("90"));
    }

    #[test]
    fn only_jpeg_is_progressive() {
        let recipe = |format, progressive| {
            recipe(&[("wm_format", format), ("progressive", progressive)]).unwrap()
        };
        assert_ne!(recipe("jpeg", "true"), recipe("jpeg", "false"));
        for format in ["webp", "avif", "png"] {
            assert_eq!(recipe(format, "true"), recipe(format, "false"));
        }
    }

    #[test]
    fn a_profile_counts_where_there_are_two_ways_to_write() {
        let recipe =
            |format, profile| recipe(&[("wm_format", format), ("profile", profile)]).unwrap();
        assert_ne!(recipe("webp", "fast"), recipe("webp", "small"));
        assert_eq!(recipe("jpeg", "fast"), recipe("jpeg", "small"));
        assert_eq!(recipe("png", "fast"), recipe("png", "small"));
    }
}
