use proptest::prelude::*;
use schemas::{Recipe, Request};
use specimen::Font;

use super::*;
use crate::tests::{context, recipe};

const RED: specimen::Color = [255, 0, 0, 255];

fn file(font: &Font) -> FontFile {
    FontFile::parse(font.build()).unwrap()
}

fn chinese() -> Font {
    Font::new().outlined('山').outlined('田')
}

fn emoji() -> Font {
    let layers = [(specimen::BOX, RED)];
    Font::new().layered('😀', &layers).layered('©', &layers)
}

fn named(fonts: &Fonts, text: &str) -> Result<Vec<Digest>, MissingGlyph> {
    let named = fonts.named_in(recipe(&[("wm_text", text)]))?;
    Ok(named.wm_fonts.digests().to_vec())
}

#[test]
fn a_recipe_names_the_files_that_its_text_needs_and_no_others() {
    let (chinese, emoji) = (file(&chinese()), file(&emoji()));
    let (mountain, smile) = (chinese.sha256(), emoji.sha256());
    let fonts = Fonts::with_files(vec![chinese, emoji]);
    assert_eq!(named(&fonts, "NWS © שלום 2026"), Ok(vec![]));
    assert_eq!(named(&fonts, "© 山"), Ok(vec![mountain]));
    assert_eq!(named(&fonts, "😀 山"), Ok(vec![mountain, smile]));
    assert_eq!(named(&fonts, "山 ก").unwrap_err().character, 'ก');
}

#[test]
fn a_sign_of_ours_is_taken_from_an_emoji_font_where_colours_are_asked_for() {
    let emoji = file(&emoji());
    let sha256 = emoji.sha256();
    let fonts = Fonts::with_files(vec![emoji]);
    assert_eq!(named(&fonts, "©\u{fe0f}"), Ok(vec![sha256]));
    assert_eq!(named(&fonts, "©\u{fe0e}"), Ok(vec![]));
    assert_eq!(named(&Fonts::embedded(), "©\u{fe0f}"), Ok(vec![]));
}

/// Whatever else a machine has, and in whatever order.
#[test]
fn a_named_file_is_all_that_is_used_of_the_files_here() {
    let other = || file(&Font::new().outlined('山').outlined('海'));
    let chinese_first = Fonts::with_files(vec![file(&chinese()), other()]);
    let other_first = Fonts::with_files(vec![other(), file(&emoji()), file(&chinese())]);
    let recipe = chinese_first.named_in(recipe(&[("wm_text", "© 山田")]));
    let recipe = recipe.unwrap();
    let names_of_faces = |fonts: &Fonts| {
        let text = recipe.wm_text.as_ref().unwrap();
        let typeset = fonts.typeset(text.as_str(), &recipe.wm_fonts).unwrap();
        let name = |face: &FaceId| fonts.files.iter().find(|file| file.1.contains(&face.0));
        let names = typeset
            .faces
            .iter()
            .map(|face| name(face).map(|file| file.0));
        names.collect::<Vec<_>>()
    };
    let expected = [None, Some(file(&chinese()).sha256())];
    assert_eq!(names_of_faces(&chinese_first), expected);
    assert_eq!(names_of_faces(&other_first), expected);
    let both = named(&other_first, "© 山田").unwrap();
    assert_eq!(both.len(), 2, "the first one has no 田: {both:?}");
}

#[test]
fn a_file_that_is_not_here_is_named() {
    let here = Fonts::with_files(vec![file(&chinese())]);
    let recipe = here.named_in(recipe(&[("wm_text", "山")])).unwrap();
    let sha256 = file(&chinese()).sha256();
    here.require(&recipe.wm_fonts).unwrap();
    let missing = Fonts::embedded().require(&recipe.wm_fonts).unwrap_err();
    assert_eq!(missing, MissingFont { sha256 });
    assert!(missing.to_string().contains(&sha256.to_string()));
}

#[test]
fn a_recipe_that_names_no_file_gets_none() {
    let here = Fonts::with_files(vec![file(&chinese())]);
    let refused = here.typeset("山", &FontFiles::default()).unwrap_err();
    assert_eq!(refused, TextError::Glyph(MissingGlyph { character: '山' }));
}

#[test]
fn a_file_that_comes_twice_is_there_once() {
    let fonts = Fonts::with_files(vec![file(&chinese()), file(&chinese())]);
    assert_eq!(named(&fonts, "山").unwrap().len(), 1);
}

#[test]
fn bytes_that_are_no_font_are_refused() {
    let refused = |bytes: &[u8]| FontFile::parse(bytes.to_vec()).unwrap_err();
    assert_eq!(refused(b"<svg/>"), FontError::UnknownFormat);
    assert_eq!(refused(&Font::new().build()), FontError::NoGlyphs);
}

#[test]
fn a_bitmap_that_cannot_be_read_is_a_missing_glyph() {
    let broken = file(&Font::new().pictured('😀', 64, b"no picture".to_vec()));
    let fonts = Fonts::with_files(vec![broken]);
    assert_eq!(fonts.check("a 😀").unwrap_err().character, '😀');
}

/// 256 characters are all that a recipe holds; who checks a text by itself may have more.
#[test]
fn hostile_texts_are_set_or_refused_and_never_remembered_without_limit() {
    let fonts = Fonts::with_files(vec![file(&chinese()), file(&emoji())]);
    let marks = |count: usize| format!("a{}", "\u{301}".repeat(count));
    for text in [
        marks(255),
        marks(10_000),
        "\u{202e}".repeat(256),
        "\u{2066}\u{202e}a\u{2067}ש".repeat(64),
        "\u{200d}\u{200b}\u{fe0f}".repeat(85),
        "😀\u{200d}".repeat(128),
        "\u{1f1e6}".repeat(255),
        "山\u{fe0f}\u{301}".repeat(85),
        "\n".repeat(255) + "a",
    ] {
        let _ = fonts.check(&text);
    }
}

fn hostile(text: &str) -> Option<Recipe> {
    let mut request = Request::default();
    request.set("wm_text", text).ok()?;
    request.resolve(&context()).ok()
}

proptest! {
    #[test]
    fn no_text_brings_the_fonts_down(text in "\\PC{1,60}") {
        let fonts = Fonts::with_files(vec![file(&chinese()), file(&emoji())]);
        if let Some(recipe) = hostile(&text)
            && let Ok(recipe) = fonts.named_in(recipe)
        {
            let text = recipe.wm_text.as_ref().unwrap();
            prop_assert!(fonts.typeset(text.as_str(), &recipe.wm_fonts).is_ok());
        }
    }

    #[test]
    fn no_damage_to_a_font_brings_the_fonts_down(
        at in 0_usize..2000,
        value in any::<u8>(),
        cut in 0_usize..4000,
    ) {
        let font = Font::new().outlined('山').graded('田', [RED, [0, 0, 255, 128]]);
        let mut bytes = font.layered('😀', &[(specimen::BOX, RED)]).build();
        let length = bytes.len();
        bytes[at % length] = value;
        bytes.truncate(length - cut % length);
        if let Ok(file) = FontFile::parse(bytes) {
            let fonts = Fonts::with_files(vec![file]);
            for text in ["山", "田", "😀"] {
                let _ = fonts.check(text);
            }
        }
    }
}
