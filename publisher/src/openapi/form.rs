//! The form of an upload: its fields, each with the schema of the type that it is read into.

use schemars::JsonSchema;
use schemas::{
    OutputFormat,
    recipe::{
        Align, Color, LogoSize, MaxBytes, Opacity, Position, Profile, Quality, Rotation, Side,
        Size, Spacing,
    },
};
use serde_json::{Map, Value, json};

use super::writer::Writer;
use crate::{
    accept::{FORMATS, media_type},
    logo::LOGO,
    upload::IMAGE,
    webhooks::WEBHOOK_URL,
};

const VARIABLES: &str = "`{year}`, `{date}` (of the upload, UTC), `{filename}`, `{width}`, `{height}`, `{exif.date}`, \
    `{exif.artist}` and `{exif.copyright}` stand for what they say, `{{` for a brace; what the photo does not say is empty.";

/// The body that carries the form.
pub(super) fn body(writer: &mut Writer<'_>) -> Value {
    let images = FORMATS.map(media_type).join(", ");
    let schema = json!({
        "type": "object",
        "required": [IMAGE],
        "properties": fields(writer),
        "dependentRequired": { "wm_logo_size": [LOGO] },
        "additionalProperties": false,
    });
    let form = json!({
        "schema": schema,
        "encoding": { IMAGE: { "contentType": images }, LOGO: { "contentType": images } },
    });
    json!({
        "required": true,
        "description": "The photo and the fields of its mark, in any order, each once. A field that is not listed is refused.",
        "content": { "multipart/form-data": form },
    })
}

fn fields(writer: &mut Writer<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, field) in files(writer)
        .into_iter()
        .chain(texts())
        .chain(values(writer))
    {
        fields.insert(name.to_owned(), field);
    }
    fields
}

fn files(writer: &Writer<'_>) -> [(&'static str, Value); 2] {
    let image_bytes_max = writer.app.config.image_bytes_max;
    let formats = FORMATS.map(|format| format.to_string()).join(", ");
    [
        (
            IMAGE,
            json!({
                "type": "string", "format": "binary",
                "description": format!("The photo: {formats}, {image_bytes_max} bytes at most. What it is, its bytes say."),
            }),
        ),
        (
            LOGO,
            json!({
                "type": "string", "format": "binary",
                "description": format!(
                    "A logo, above the text or instead of it: a file of {} bytes at most, or as a text the SHA-256 of one that was \
                     sent before.", engine::logo::LOGO_BYTES_MAX
                ),
            }),
        ),
    ]
}

fn texts() -> [(&'static str, Value); 3] {
    [
        (
            "wm_text",
            json!({
                "type": "string", "default": "NWS © {year}", "example": "© {exif.artist} {year}",
                "description": format!("The letters of the mark, several lines, {} characters at most once they are filled in. \
                    {VARIABLES}", schemas::recipe::TEXT_CHARS_MAX),
            }),
        ),
        (
            "copyright",
            json!({
                "type": "string", "default": "", "example": "© {exif.artist}",
                "description": format!("Whose the result is, in its metadata: one line. {VARIABLES}"),
            }),
        ),
        (
            WEBHOOK_URL,
            json!({
                "type": "string", "format": "uri", "example": "https://shop.example/marked",
                "description": "Who is told how the job ends, signed as Standard Webhooks has it. Only where `webhook_secrets` are \
                    set; `https`, and no private address.",
            }),
        ),
    ]
}

fn values(writer: &mut Writer<'_>) -> Vec<(&'static str, Value)> {
    vec![
        value::<Position>(
            writer,
            "wm_position",
            "Where the mark stands; `auto` is the calmest spot, `tile` a pattern.",
        ),
        value::<Size>(
            writer,
            "wm_size",
            "Height of the capital letters in percent of √(width·height) of the result.",
        ),
        value::<Opacity>(
            writer,
            "wm_opacity",
            "How much of the photo the mark hides.",
        ),
        value::<Color>(
            writer,
            "wm_color",
            "The colour of the letters; `auto` is light or dark, as the photo beneath asks.",
        ),
        value::<Rotation>(
            writer,
            "wm_rotate",
            "How far the mark is turned, in degrees clockwise.",
        ),
        value::<Spacing>(writer, "wm_spacing", "Room between the marks of a pattern."),
        value::<Align>(
            writer,
            "wm_align",
            "On which side the lines of the mark are even.",
        ),
        value::<LogoSize>(
            writer,
            "wm_logo_size",
            "Height of the logo. Only with `wm_logo`.",
        ),
        (
            "wm_format",
            json!({
                "type": "string", "enum": output_formats(), "default": "auto",
                "description": "Format of the result; `auto` is what `Accept` wants most.",
            }),
        ),
        value::<Side>(
            writer,
            "width",
            "Width of the box that the result fits into; a photo is never enlarged. Without `height`, \
            that is free; without both, the box is 1920 × 1080.",
        ),
        value::<Side>(writer, "height", "Height of that box."),
        value::<Quality>(
            writer,
            "quality",
            "Of a lossy result; `keep` is the photo's own.",
        ),
        value::<Profile>(
            writer,
            "profile",
            "What the bytes of a WebP or AVIF are written for.",
        ),
        (
            "progressive",
            json!({ "type": "boolean", "default": false, "description": "Whether a JPEG comes coarse first." }),
        ),
        value::<MaxBytes>(
            writer,
            "max_bytes",
            "The most bytes of the result: its quality falls until it has no more.",
        ),
    ]
}

fn output_formats() -> Vec<&'static str> {
    let formats = OutputFormat::ALL.into_iter().map(OutputFormat::as_str);
    std::iter::once("auto").chain(formats).collect()
}

/// A field whose rules are its type's.
fn value<T: JsonSchema>(
    writer: &mut Writer<'_>,
    name: &'static str,
    description: &str,
) -> (&'static str, Value) {
    let mut schema = writer.schema::<T>();
    schema["description"] = description.into();
    (name, schema)
}
