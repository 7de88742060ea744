//! What is to be done to a photo.
//!
//! A [`Request`] holds a client's fields as they came, each checked when it is set. [`Request::resolve`] makes it a
//! [`Recipe`]: literal, complete and canonical, so that its bytes can be part of a job's id.

mod request;
mod values;
mod variables;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub use request::{Context, FIELDS, FieldError, Request};
pub use values::{
    Align, Color, Copyright, FONT_FILES_MAX, FontFiles, LogoSize, MarkText, MaxBytes, Opacity,
    OutputFormat, Position, Profile, Quality, Rotation, Side, Size, Spacing, TEXT_CHARS_MAX,
};
pub use variables::{Date, ExifTexts};

/// The revision of the engine's output: raised whenever the same recipe may give other bytes, so that other bytes never
/// appear under an old id.
pub const ENGINE_REVISION: u32 = 3;

/// A complete, literal recipe: no `auto` format, no variables. Its fields stand in the order of their names, so that it
/// has one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Whose the result is, in its metadata. It came after the first ids were made, and is left out where it is the
    /// default, so that they stay as they are.
    #[serde(default, skip_serializing_if = "Copyright::is_default")]
    pub copyright: Copyright,
    /// The engine revision whose bytes are asked for; left out, it is the reader's own.
    #[serde(default = "engine_revision")]
    pub engine: u32,
    /// Height of the box the picture is fitted into, in pixels.
    #[serde(default = "default_height")]
    pub height: Side,
    /// The most bytes that the result may have: its quality falls until it has no more. Like every field that came after
    /// the first ids were made, it is left out where it is the default, so that they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<MaxBytes>,
    /// What the result's bytes are written for. It came after the first ids were made, and is left out where it is the
    /// default, so that they stay as they are.
    #[serde(default, skip_serializing_if = "Profile::is_default")]
    pub profile: Profile,
    /// Whether a JPEG comes coarse first, for slow lines.
    #[serde(default, skip_serializing_if = "is_off")]
    pub progressive: bool,
    /// Quality of a lossy output.
    #[serde(default)]
    pub quality: Quality,
    /// Width of the box the picture is fitted into, in pixels.
    #[serde(default = "default_width")]
    pub width: Side,
    /// On which side the mark's lines are even. It came after the first ids were made, as did the mark's rotation and
    /// spacing: they are left out where they are the default, so that those ids stay as they are.
    #[serde(default, skip_serializing_if = "Align::is_default")]
    pub wm_align: Align,
    /// Colour of the mark.
    #[serde(default)]
    pub wm_color: Color,
    /// The font files that the text needs besides the fonts inside the engine. They are no field of a request: who has the
    /// fonts names those that the text was found to need. They came after the first ids were made, and are left out where
    /// there are none.
    #[serde(default, skip_serializing_if = "FontFiles::is_default")]
    pub wm_fonts: FontFiles,
    /// Format of the result.
    pub wm_format: OutputFormat,
    /// Height of the mark's logo; the job says which. It came after the first ids were made too.
    #[serde(default, skip_serializing_if = "LogoSize::is_default")]
    pub wm_logo_size: LogoSize,
    /// Opacity of the mark.
    #[serde(default)]
    pub wm_opacity: Opacity,
    /// Place of the mark.
    #[serde(default)]
    pub wm_position: Position,
    /// How far the mark is turned.
    #[serde(default, skip_serializing_if = "Rotation::is_default")]
    pub wm_rotate: Rotation,
    /// Cap height of the mark's letters.
    #[serde(default)]
    pub wm_size: Size,
    /// Room between the marks of a pattern.
    #[serde(default, skip_serializing_if = "Spacing::is_default")]
    pub wm_spacing: Spacing,
    /// The mark's letters. A mark that is a logo alone has none.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "MarkText")]
    pub wm_text: Option<MarkText>,
}

impl Recipe {
    /// The recipe's bytes in a job's id: its JSON as RFC 8785 (JCS) writes it, which any language can reproduce.
    pub fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a recipe has only string keys and finite numbers")
    }
}

/// A text that is there, and no `null`: a mark without letters has one spelling.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MarkText>, D::Error> {
    MarkText::deserialize(deserializer).map(Some)
}

const fn engine_revision() -> u32 {
    ENGINE_REVISION
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_off(switch: &bool) -> bool {
    !*switch
}

const fn default_width() -> Side {
    Side::WIDTH_DEFAULT
}

const fn default_height() -> Side {
    Side::HEIGHT_DEFAULT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_bytes_are_pinned() {
        let recipe = Request::default().resolve(&Context::example()).unwrap();
        assert_eq!(
            String::from_utf8(recipe.canonical()).unwrap(),
            r##"{"engine":3,"height":1080,"quality":"auto","width":1920,"wm_color":"auto","wm_format":"jpeg","wm_opacity":"auto","wm_position":"bottom-right","wm_size":3,"wm_text":"NWS © 2026"}"##
        );
    }

    #[test]
    fn a_younger_field_changes_no_older_id() {
        let canonical = |profile| {
            let mut request = Request::default();
            request.set("wm_format", "webp").unwrap();
            request.set("profile", profile).unwrap();
            let recipe = request.resolve(&Context::example()).unwrap();
            String::from_utf8(recipe.canonical()).unwrap()
        };
        assert!(!canonical("small").contains("profile"));
        assert!(canonical("fast").contains(r#""height":1080,"profile":"fast","quality":"#));
    }

    #[test]
    fn younger_fields_change_no_older_id() {
        let canonical = |fields: &[(&str, &str)]| {
            let mut request = Request::default();
            for (field, value) in fields {
                request.set(field, value).unwrap();
            }
            request.resolve(&Context::example()).unwrap().canonical()
        };
        let left_out = [
            ("wm_rotate", "360"),
            ("wm_spacing", "7"),
            ("wm_align", "auto"),
            ("copyright", "{exif.copyright}"),
            ("progressive", "false"),
        ];
        assert_eq!(canonical(&left_out), canonical(&[]));
        for younger in [
            ("wm_rotate", "7.5"),
            ("copyright", "Ada"),
            ("progressive", "true"),
            ("max_bytes", "100000"),
            ("quality", "keep"),
        ] {
            assert_ne!(canonical(&[younger]), canonical(&[]), "{younger:?}");
        }
    }

    #[test]
    fn fonts_are_told_where_the_engines_own_are_not_enough() {
        let mut recipe = Request::default().resolve(&Context::example()).unwrap();
        let canonical = |recipe: &Recipe| String::from_utf8(recipe.canonical()).unwrap();
        assert!(!canonical(&recipe).contains("wm_fonts"));
        let font = crate::Digest::of(b"a font");
        recipe.wm_fonts = vec![font].try_into().unwrap();
        let told = format!(r#""wm_color":"auto","wm_fonts":["{font}"],"wm_format":"jpeg""#);
        assert!(canonical(&recipe).contains(&told));
    }

    #[test]
    fn a_logos_size_and_a_missing_text_are_told_where_they_say_something() {
        let canonical = |fields: &[(&str, &str)]| {
            let mut request = Request::default();
            request.add_logo().unwrap();
            for (field, value) in fields {
                request.set(field, value).unwrap();
            }
            let recipe = request.resolve(&Context::example()).unwrap();
            String::from_utf8(recipe.canonical()).unwrap()
        };
        let alone = canonical(&[("wm_logo_size", "10")]);
        assert!(alone.ends_with(r#""wm_position":"bottom-right","wm_size":3}"#));
        let with_text = canonical(&[("wm_logo_size", "7.5"), ("wm_text", "NWS")]);
        assert!(with_text.contains(r#""wm_format":"jpeg","wm_logo_size":7.5,"wm_opacity":"#));
        assert!(with_text.ends_with(r#""wm_text":"NWS"}"#));
    }

    #[test]
    fn defaults_may_be_left_out_of_a_message() {
        let short: Recipe =
            serde_json::from_str(r#"{"wm_format":"jpeg","wm_text":"NWS © 2026"}"#).unwrap();
        assert_eq!(
            short,
            Request::default().resolve(&Context::example()).unwrap()
        );
    }

    #[test]
    fn a_message_with_an_unknown_field_is_refused() {
        let refused =
            serde_json::from_str::<Recipe>(r#"{"wm_format":"jpeg","wm_text":"x","wm_glitter":1}"#);
        assert!(refused.unwrap_err().to_string().contains("wm_glitter"));
    }
}
