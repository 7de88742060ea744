//! What a client says that a photo is. The bytes decide; who says something else is only noted, for whoever looks for
//! the reason later.

use engine::Format;
use tracing::info;

/// As much of a claim as a log line shows: the longest media type of a picture has 24 characters.
const CLAIM_CHARS_MAX: usize = 40;
/// Media types of who does not know what a file is.
const UNKNOWN: [&str; 2] = ["application/octet-stream", "binary/octet-stream"];

/// Logs what the file's name or its media type say, if the bytes say otherwise.
pub(crate) fn note(filename: &str, media_type: Option<&str>, format: Format) {
    for (what, said) in contradicting(filename, media_type, format) {
        // Told by `Debug`, which escapes what could pretend to be another line.
        info!(?said, %format, "a photo's {what} says {said:?}, its bytes are {format}");
    }
}

fn contradicting(
    filename: &str,
    media_type: Option<&str>,
    format: Format,
) -> impl Iterator<Item = (&'static str, String)> {
    let (extensions, media_types) = names(format);
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension
        .map(shortened)
        .filter(|said| !said.is_empty() && !extensions.contains(&said.as_str()));
    let media_type = media_type
        .and_then(|said| said.split(';').next())
        .map(|said| shortened(said.trim()))
        .filter(|said| !UNKNOWN.contains(&said.as_str()) && !media_types.contains(&said.as_str()));
    let extension = extension.map(|said| ("name", said));
    let media_type = media_type.map(|said| ("media type", said));
    extension.into_iter().chain(media_type)
}

/// What files of a format are called: extensions, and media types.
const fn names(format: Format) -> (&'static [&'static str], &'static [&'static str]) {
    match format {
        Format::Jpeg => (
            &["jpg", "jpeg", "jpe", "jfif", "jif"],
            &["image/jpeg", "image/jpg", "image/pjpeg"],
        ),
        Format::Png => (
            &["png", "apng"],
            &["image/png", "image/apng", "image/x-png"],
        ),
        Format::Webp => (&["webp"], &["image/webp"]),
        Format::Avif => (&["avif", "avifs"], &["image/avif"]),
        Format::Gif => (&["gif"], &["image/gif"]),
        Format::Tiff => (&["tif", "tiff"], &["image/tiff", "image/tiff-fx"]),
        Format::Bmp => (
            &["bmp", "dib"],
            &["image/bmp", "image/x-bmp", "image/x-ms-bmp"],
        ),
        Format::Jxl => (&["jxl"], &["image/jxl"]),
    }
}

fn shortened(said: &str) -> String {
    let said = said.chars().take(CLAIM_CHARS_MAX);
    said.collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(filename: &str, media_type: Option<&str>) -> Vec<String> {
        contradicting(filename, media_type, Format::Png)
            .map(|(_, said)| said)
            .collect()
    }

    #[test]
    fn who_says_what_it_is_or_says_nothing_does_not_contradict() {
        for filename in ["a.png", "A.PNG", "a.jpg.png", "a", "a.", ""] {
            assert_eq!(said(filename, Some("image/png")), [""; 0], "{filename}");
            assert_eq!(said(filename, Some("image/png; q=1")), [""; 0]);
            assert_eq!(said(filename, Some("application/octet-stream")), [""; 0]);
            assert_eq!(said(filename, None), [""; 0]);
        }
    }

    #[test]
    fn a_name_and_a_media_type_that_say_otherwise_are_told() {
        assert_eq!(
            said("a.PHP", Some("image/JPEG")),
            ["php".to_owned(), "image/jpeg".to_owned()]
        );
    }

    #[test]
    fn a_claim_is_short_whatever_its_length() {
        let long = format!("a.{}", "x".repeat(10_000));
        assert_eq!(said(&long, None), ["x".repeat(CLAIM_CHARS_MAX)]);
    }
}
