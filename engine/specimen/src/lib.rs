//! Tiny fonts that tests draw with, made when they are needed.
//!
//! The repository ships neither a Chinese font nor one of emoji, and tests are to see the same glyphs on every machine. A
//! [`Font`] is an OpenType file of a few hundred bytes whose glyphs are boxes: as outlines, in layers of colours (`COLR`
//! 0), in a gradient (`COLR` 1) or as bitmaps (`CBDT`).
#![forbid(unsafe_code)]

mod color;
mod table;

use table::{Table, file, tag};

/// Units of an em, in which boxes are measured.
pub const EM: i16 = 1000;
/// How far every glyph moves the next one.
pub const ADVANCE: u16 = 1000;
/// What every glyph without a shape of its own looks like.
pub const BOX: Shape = [100, 0, 900, 800];

/// Left, bottom, right and top of a box; y grows upwards.
pub type Shape = [i16; 4];
/// Red, green, blue and alpha.
pub type Color = [u8; 4];

/// A font in the making.
#[derive(Clone, Debug, Default)]
pub struct Font {
    glyphs: Vec<Glyph>,
}

#[derive(Clone, Debug)]
struct Glyph {
    character: Option<char>,
    looks: Looks,
}

#[derive(Clone, Debug)]
enum Looks {
    Outline(Shape),
    Layers(Vec<(Shape, Color)>),
    Gradient([Color; 2]),
    Bitmap { side: u8, png: Vec<u8> },
}

impl Font {
    /// A font without a character.
    pub fn new() -> Self {
        Self::default()
    }

    /// A character that is a box in the colour of the text.
    #[must_use]
    pub fn outlined(self, character: char) -> Self {
        self.with(character, Looks::Outline(BOX))
    }

    /// A character that is boxes on top of each other, each in its colour.
    #[must_use]
    pub fn layered(self, character: char, layers: &[(Shape, Color)]) -> Self {
        self.with(character, Looks::Layers(layers.to_vec()))
    }

    /// A character that is a box which goes from one colour on its left to another on its right.
    #[must_use]
    pub fn graded(self, character: char, colors: [Color; 2]) -> Self {
        self.with(character, Looks::Gradient(colors))
    }

    /// A character that is a square picture of an em, `side` pixels wide.
    #[must_use]
    pub fn pictured(self, character: char, side: u8, png: Vec<u8>) -> Self {
        self.with(character, Looks::Bitmap { side, png })
    }

    fn with(mut self, character: char, looks: Looks) -> Self {
        let character = Some(character);
        self.glyphs.push(Glyph { character, looks });
        self
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let shapes = self.shapes();
        let count = shapes.len() as u16;
        let (loca, glyf) = outlines(&shapes);
        let mut tables = vec![
            (tag("cmap"), self.characters()),
            (tag("glyf"), glyf),
            (tag("head"), head()),
            (tag("hhea"), hhea(count)),
            (tag("hmtx"), hmtx(&shapes)),
            (tag("loca"), loca),
            (tag("maxp"), maxp(count)),
        ];
        tables.extend(color::tables(self));
        file(tables)
    }

    /// The shape of each glyph: that of what is missing, those of the characters, then those of their layers.
    fn shapes(&self) -> Vec<Option<Shape>> {
        let own = self.glyphs.iter().map(|glyph| match glyph.looks {
            Looks::Outline(shape) => Some(shape),
            _ => None,
        });
        let layers = self.glyphs.iter().flat_map(Glyph::layers);
        std::iter::once(None)
            .chain(own)
            .chain(layers.map(|(shape, _)| Some(shape)))
            .collect()
    }

    /// A character map of format 12.
    fn characters(&self) -> Table {
        let mut groups: Vec<_> = (1_u32..)
            .zip(&self.glyphs)
            .filter_map(|(id, glyph)| Some((u32::from(glyph.character?), id)))
            .collect();
        groups.sort_unstable();
        let length = 16 + 12 * groups.len() as u32;
        let mut table = Table::new();
        table.u16s([0, 1, 3, 10]).u32s([12]);
        table.u16s([12, 0]).u32s([length, 0, groups.len() as u32]);
        for (character, id) in groups {
            table.u32s([character, character, id]);
        }
        table
    }
}

impl Glyph {
    fn layers(&self) -> Vec<(Shape, Color)> {
        match &self.looks {
            Looks::Layers(layers) => layers.clone(),
            Looks::Gradient([from, _]) => vec![(BOX, *from)],
            Looks::Outline(_) | Looks::Bitmap { .. } => Vec::new(),
        }
    }
}

/// Where each outline begins, and the outlines.
fn outlines(shapes: &[Option<Shape>]) -> (Table, Table) {
    let (mut loca, mut glyf) = (Table::new(), Table::new());
    for shape in shapes {
        loca.u32s([glyf.len() as u32]);
        if let Some(shape) = shape {
            outline(&mut glyf, *shape);
        }
    }
    loca.u32s([glyf.len() as u32]);
    (loca, glyf)
}

/// One contour of four points, each on the curve and told as a step of two bytes from the one before.
fn outline(glyf: &mut Table, [left, bottom, right, top]: Shape) {
    let (width, height) = (right - left, top - bottom);
    glyf.i16s([1, left, bottom, right, top]);
    glyf.u16s([3, 0]).bytes(&[1, 1, 1, 1]);
    glyf.i16s([left, 0, width, 0]);
    glyf.i16s([bottom, height, 0, -height]);
}

fn head() -> Table {
    let mut table = Table::new();
    table.u16s([1, 0, 1, 0]).u32s([0, 0x5f0f_3cf5]);
    table.u16s([0]).i16s([EM]).u32s([0, 0, 0, 0]);
    table.i16s([0, 0, EM, EM]).u16s([0, 6, 2, 1, 0]);
    table
}

fn hhea(count: u16) -> Table {
    let mut table = Table::new();
    table.u16s([1, 0]).i16s([800, -200, 0]).u16s([ADVANCE]);
    table.u16s([0; 11]).u16s([count]);
    table
}

/// The left bearing is where an outline begins: who draws moves it there.
fn hmtx(shapes: &[Option<Shape>]) -> Table {
    let mut table = Table::new();
    for shape in shapes {
        let left = shape.map_or(0, |[left, ..]| left);
        table.u16s([ADVANCE]).i16s([left]);
    }
    table
}

fn maxp(count: u16) -> Table {
    let mut table = Table::new();
    table.u16s([1, 0, count, 4, 1]).u16s([0; 10]);
    table
}
