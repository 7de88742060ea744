//! Characters become glyphs, in the order they are seen.
//!
//! A line is cut three times: by direction (UAX #9), by script, and by the font that has the glyphs. Each piece is shaped by
//! itself, so Arabic letters join within their word, and then put where the eye expects it.

use std::ops::Range;

use swash::{
    shape::{Direction, ShapeContext, cluster::GlyphCluster},
    text::{
        Codepoint, Script,
        cluster::{CharCluster, Parser, Status, Token},
    },
};
use unicode_bidi::BidiInfo;

use crate::fonts::{FaceId, MissingGlyph, Presentation, Stack, WEIGHT};

/// Variation selectors that ask for an emoji as text, and in colour.
const AS_TEXT: char = '\u{fe0e}';
const IN_COLOR: char = '\u{fe0f}';

/// A glyph with its origin, in ems from the line's start on the baseline; y grows upwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Glyph {
    pub(super) face: FaceId,
    pub(super) id: u16,
    pub(super) x: f32,
    pub(super) y: f32,
    /// The first of the characters that it stands for.
    pub(super) character: char,
}

/// A shaped line, its glyphs from left to right.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) glyphs: Vec<Glyph>,
    advance: f32,
}

/// Glyphs that move together, with origins relative to the first.
struct Cluster {
    glyphs: Vec<Glyph>,
    advance: f32,
}

/// Shapes each line of `text`.
pub(super) fn shape(text: &str, fonts: &Stack<'_>) -> Result<Vec<Line>, MissingGlyph> {
    let mut context = ShapeContext::new();
    text.split('\n')
        .map(|line| shape_line(line, fonts, &mut context))
        .collect()
}

fn shape_line(
    text: &str,
    fonts: &Stack<'_>,
    context: &mut ShapeContext,
) -> Result<Line, MissingGlyph> {
    let mut line = Line::default();
    let bidi = BidiInfo::new(text, None);
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let right_to_left = levels[run.start].is_rtl();
            let mut clusters = shape_run(&text[run], right_to_left, fonts, context)?;
            if right_to_left {
                clusters.reverse();
            }
            clusters.into_iter().for_each(|cluster| line.push(cluster));
        }
    }
    Ok(line)
}

/// Shapes text of one direction. Its clusters are in the order of reading.
fn shape_run(
    text: &str,
    right_to_left: bool,
    fonts: &Stack<'_>,
    context: &mut ShapeContext,
) -> Result<Vec<Cluster>, MissingGlyph> {
    let direction = if right_to_left {
        Direction::RightToLeft
    } else {
        Direction::LeftToRight
    };
    let mut shaped = Vec::new();
    for (script, range) in script_runs(text) {
        let text = &text[range];
        let clusters = clusters_with_faces(text, script, right_to_left, fonts)?;
        for piece in clusters.chunk_by(|(one, _), (next, _)| one == next) {
            let face = piece[0].0;
            let mut shaper = context
                .builder(fonts.face(face).font())
                .script(script)
                .direction(direction)
                .size(1.0)
                .variations(WEIGHT)
                .build();
            piece
                .iter()
                .for_each(|(_, cluster)| shaper.add_cluster(cluster));
            shaper.shape_with(|cluster| shaped.push(Cluster::of(face, text, cluster)));
        }
    }
    Ok(shaped)
}

/// Cuts `text` by script. What belongs to every script (digits, punctuation, spaces) goes with what stands before it.
fn script_runs(text: &str) -> Vec<(Script, Range<usize>)> {
    let mut runs: Vec<(Script, Range<usize>)> = Vec::new();
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let script = Some(character.script()).filter(|script| {
            !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
        });
        match (runs.last_mut(), script) {
            (Some((current, range)), Some(script)) if *current == Script::Common => {
                *current = script;
                range.end = end;
            }
            (Some((current, range)), script) if script.is_none_or(|script| script == *current) => {
                range.end = end;
            }
            (_, script) => runs.push((script.unwrap_or(Script::Common), at..end)),
        }
    }
    runs
}

/// The clusters of a run of one script, each with the first font that has all of its glyphs.
fn clusters_with_faces(
    text: &str,
    script: Script,
    right_to_left: bool,
    fonts: &Stack<'_>,
) -> Result<Vec<(FaceId, CharCluster)>, MissingGlyph> {
    let tokens = text
        .char_indices()
        .filter(|(at, character)| {
            !is_control(*character) || says_how_an_emoji_is_shown(*character, &text[..*at])
        })
        .map(|(at, character)| token(at, mirrored(character, right_to_left)));
    let mut parser = Parser::new(script, tokens);
    let mut cluster = CharCluster::new();
    let mut found: Vec<(FaceId, CharCluster)> = Vec::new();
    while parser.next(&mut cluster) {
        let source = cluster.range().to_range();
        let before = found.last().map(|(face, _)| *face);
        let face = face_for(&mut cluster, &text[source], before, fonts)?;
        found.push((face, cluster));
    }
    Ok(found)
}

/// The font for a cluster. Blanks stay in the font of the word before them, so that they do not cut a piece in two; but not
/// in one of emoji, whose blanks are as wide as they are.
fn face_for(
    cluster: &mut CharCluster,
    text: &str,
    before: Option<FaceId>,
    fonts: &Stack<'_>,
) -> Result<FaceId, MissingGlyph> {
    let keeps = |face: &FaceId| text.chars().all(is_invisible) && !fonts.face(*face).has_color();
    let preferred = before.filter(keeps);
    preferred
        .into_iter()
        .chain(fonts.ids(presentation(cluster, text)))
        .find(|&face| {
            let charmap = fonts.face(face).charmap();
            let status = cluster.map(|character| match charmap.map(character) {
                0 if is_invisible(character) => charmap.map(' '),
                glyph => glyph,
            });
            status == Status::Complete
        })
        .ok_or_else(|| MissingGlyph {
            character: first_missing(text, fonts),
        })
}

/// How a cluster is to be shown: by its variation selector, or else by what it is.
fn presentation(cluster: &CharCluster, text: &str) -> Presentation {
    if text.contains(AS_TEXT) {
        Presentation::Text
    } else if text.contains(IN_COLOR) {
        Presentation::Color
    } else if cluster.info().is_emoji() || text.starts_with(is_flag_letter) {
        Presentation::Emoji
    } else {
        Presentation::Text
    }
}

/// The first character of a cluster that no font can draw; or its last, when only all of them together are too much.
fn first_missing(text: &str, fonts: &Stack<'_>) -> char {
    let has_glyph = |character: char| {
        is_invisible(character)
            || fonts
                .ids(Presentation::Text)
                .any(|face| fonts.face(face).charmap().map(character) != 0)
    };
    let missing = text.chars().find(|&character| !has_glyph(character));
    missing
        .or_else(|| text.chars().next_back())
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn token(at: usize, character: char) -> Token {
    Token {
        ch: character,
        offset: at as u32,
        len: character.len_utf8() as u8,
        info: character.properties().into(),
        data: 0,
    }
}

/// A bracket opens towards the text it encloses, whichever way that is read.
fn mirrored(character: char, right_to_left: bool) -> char {
    right_to_left
        .then(|| character.mirror())
        .flatten()
        .unwrap_or(character)
}

/// A selector within an emoji, which has its font's glyphs for both presentations chosen. Elsewhere it is not seen.
fn says_how_an_emoji_is_shown(character: char, before: &str) -> bool {
    matches!(character, AS_TEXT | IN_COLOR)
        && before.ends_with(|before: char| before.properties().is_extended_pictographic())
}

/// Two of them are the flag of a country.
const fn is_flag_letter(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

/// What has done its work once direction is known, and is not to be seen: bidi controls, variation selectors, breaks.
const fn is_control(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// What needs no glyph of its own: controls, blanks, and the joiners that only change their neighbours.
pub(super) fn is_invisible(character: char) -> bool {
    is_control(character)
        || character.is_whitespace()
        || matches!(character, '\u{200c}' | '\u{200d}')
}

impl Line {
    fn push(&mut self, cluster: Cluster) {
        let start = self.advance;
        self.glyphs
            .extend(cluster.glyphs.into_iter().map(|glyph| Glyph {
                x: start + glyph.x,
                ..glyph
            }));
        self.advance += cluster.advance;
    }
}

impl Cluster {
    /// The glyphs for a part of `text`. Glyph 0 is the box for what is missing. A missing glyph was refused before, so here it
    /// stands for nothing.
    fn of(face: FaceId, text: &str, shaped: &GlyphCluster<'_>) -> Self {
        let mut cluster = Self {
            glyphs: Vec::with_capacity(shaped.glyphs.len()),
            advance: 0.0,
        };
        let source = text.get(shaped.source.to_range()).unwrap_or_default();
        let character = source.chars().next().unwrap_or_default();
        for glyph in shaped.glyphs.iter().filter(|glyph| glyph.id != 0) {
            cluster.glyphs.push(Glyph {
                face,
                id: glyph.id,
                x: cluster.advance + glyph.x,
                y: glyph.y,
                character,
            });
            cluster.advance += glyph.advance;
        }
        cluster
    }
}

#[cfg(test)]
mod tests;
