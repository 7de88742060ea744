use schemas::recipe::FontFiles;

use super::*;
use crate::Fonts;

fn shaped(text: &str) -> Vec<Line> {
    let fonts = Fonts::embedded();
    let stack = fonts.stack(&FontFiles::default()).unwrap();
    shape(text, &stack).unwrap()
}

fn glyphs(text: &str) -> Vec<(FaceId, u16)> {
    shaped(text)
        .iter()
        .flat_map(|line| &line.glyphs)
        .map(|glyph| (glyph.face, glyph.id))
        .collect()
}

fn reversed<T>(mut items: Vec<T>) -> Vec<T> {
    items.reverse();
    items
}

#[test]
fn hebrew_is_seen_from_right_to_left() {
    let letters: Vec<_> = "שלום"
        .chars()
        .flat_map(|letter| glyphs(&letter.to_string()))
        .collect();
    assert_eq!(glyphs("שלום"), reversed(letters));
}

#[test]
fn arabic_letters_join() {
    let joined = glyphs("سلس");
    let apart: Vec<_> = "سلس"
        .chars()
        .flat_map(|letter| glyphs(&letter.to_string()))
        .collect();
    assert_eq!(joined.len(), 3);
    assert!(
        joined.iter().all(|glyph| !apart.contains(glyph)),
        "an isolated form in {joined:?}"
    );
}

#[test]
fn a_joiner_keeps_letters_apart_and_is_not_seen() {
    let apart = glyphs("س\u{200c}س");
    assert_eq!(apart, [glyphs("س"), glyphs("س")].concat());
}

/// By UAX #9 a number that follows a Hebrew word is read after it, so it stands to its left.
#[test]
fn each_word_finds_its_font_and_its_place() {
    let seen = ["NWS © ", "2026", " ", "ם", "ו", "ל", "ש"].concat();
    let expected: Vec<_> = seen
        .chars()
        .flat_map(|letter| glyphs(&letter.to_string()))
        .collect();
    let ids = |glyphs: Vec<(FaceId, u16)>| -> Vec<_> {
        glyphs
            .into_iter()
            .filter(|glyph| !is_blank(*glyph))
            .collect()
    };
    assert_eq!(ids(glyphs("NWS © שלום 2026")), ids(expected));
}

/// A blank may come from either word's font.
fn is_blank((face, id): (FaceId, u16)) -> bool {
    Fonts::embedded().face(face).charmap().map(' ') == id
}

#[test]
fn brackets_open_towards_their_text_in_either_direction() {
    let brackets = glyphs("ש(ל)");
    assert_eq!(
        brackets[0],
        glyphs("(")[0],
        "what closes on the left looks like an opening one"
    );
}

#[test]
fn what_is_invisible_is_neither_missing_nor_seen() {
    let fonts = Fonts::embedded();
    for invisible in [
        "\u{200d}", "\u{200c}", "\u{200e}", "\u{200f}", "\u{202e}", "\u{2066}", "\u{2069}",
        "\u{fe0f}", "\u{feff}", "\u{ad}",
    ] {
        let text = format!("a{invisible}");
        assert_eq!(fonts.check(&text), Ok(()), "{invisible:?}");
        let line = &shaped(&text)[0];
        assert_eq!(line.advance, shaped("a")[0].advance, "{invisible:?}");
    }
    for blank in [" ", "\u{a0}", "\u{2009}", "\u{202f}", "\u{3000}"] {
        assert_eq!(
            fonts.check(&format!("a{blank}b ا{blank}ب")),
            Ok(()),
            "{blank:?}"
        );
    }
}

#[test]
fn the_first_character_without_a_glyph_is_named() {
    let fonts = Fonts::embedded();
    let missing = |text: &str| fonts.check(text).unwrap_err().character;
    assert_eq!(missing("ok 漢字"), '漢');
    assert_eq!(missing("שלום 😀"), '😀');
    assert_eq!(missing("first\nsecond ก"), 'ก');
}

#[test]
fn accents_are_drawn_composed_or_not() {
    assert_eq!(
        Fonts::embedded().check("Zoë Zoe\u{308} Ångström Łódź Ελλάδα Привет şğı"),
        Ok(())
    );
    assert_eq!(Fonts::embedded().check("مُحَمَّد שָׁלוֹם ۱۲۳ ١٢٣ پچگ"), Ok(()));
}
