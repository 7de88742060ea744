//! Emblems that are painted: shapes filled with colours and gradients, in layers.

use skrifa::{
    GlyphId, MetadataProvider as _,
    color::{Brush, ColorGlyph, ColorPainter, Transform},
    instance::{LocationRef, Size},
    outline::{DrawSettings, OutlinePen},
    raw::{
        TableProvider as _,
        tables::colr::CompositeMode,
        types::{BoundingBox, Matrix},
    },
};
use swash::zeno::{Command, Mask, Point};

use super::{
    blend::{self, Premultiplied},
    brush::Palette,
};
use crate::{
    pixels::{Layout, Pixels},
    watermark::outline::Ink,
};

/// Longest side that is painted; a larger emblem is painted so and scaled. Few marks have larger letters.
const SIDE_MAX: f32 = 512.0;
/// Layers and clips within each other. Fonts need three of each.
const DEPTH_MAX: usize = 16;
/// What painting takes at most: a layer and a clip of each depth.
pub(super) const BYTES_MAX: u64 =
    (SIDE_MAX as u64).pow(2) * (DEPTH_MAX * (size_of::<Premultiplied>() + 1)) as u64;

/// A glyph that its font paints.
pub(super) struct Painting<'f> {
    tables: skrifa::FontRef<'f>,
    glyph: ColorGlyph<'f>,
    units_per_em: f32,
}

/// Where a painting is made.
struct Canvas<'p> {
    tables: &'p skrifa::FontRef<'p>,
    palette: Palette,
    width: usize,
    height: usize,
    /// From the space of what comes next to pixels.
    transforms: Vec<Transform>,
    /// How much of each pixel can be painted, 0 to 255; the last of them counts.
    clips: Vec<Vec<u8>>,
    layers: Vec<Vec<Premultiplied>>,
}

/// Follows a painting without painting: how far it reaches, and whether it can be painted.
struct Survey<'p> {
    tables: &'p skrifa::FontRef<'p>,
    transforms: Vec<Transform>,
    reach: Option<BoundingBox<f32>>,
    depth: usize,
    is_paintable: bool,
}

/// Takes an outline's lines and curves, transformed.
struct Path<'t> {
    transform: &'t Transform,
    commands: Vec<Command>,
}

impl<'f> Painting<'f> {
    pub(super) fn find(tables: &skrifa::FontRef<'f>, glyph: GlyphId) -> Option<Self> {
        Some(Self {
            tables: tables.clone(),
            glyph: tables.color_glyphs().get(glyph)?,
            units_per_em: f32::from(tables.head().ok()?.units_per_em()),
        })
    }

    /// Where it stands, in ems; `None` if it cannot be painted. y grows downwards.
    pub(super) fn ink(&self) -> Option<Ink> {
        let mut survey = Survey {
            tables: &self.tables,
            transforms: vec![Matrix::IDENTITY],
            reach: None,
            depth: 0,
            is_paintable: true,
        };
        self.glyph.paint(LocationRef::default(), &mut survey).ok()?;
        let said = self
            .glyph
            .bounding_box(LocationRef::default(), Size::unscaled());
        let reach = said.or(survey.reach).filter(|_| survey.is_paintable)?;
        let ems = |units: f32| units / self.units_per_em;
        Some(Ink {
            left: ems(reach.x_min),
            right: ems(reach.x_max),
            top: -ems(reach.y_max),
            bottom: -ems(reach.y_min),
        })
    }

    /// What lies in `ink`, at `em` pixels or as large as is painted.
    pub(super) fn pixels(&self, ink: Ink, em: f32) -> Option<Pixels> {
        let em = em.min(SIDE_MAX / ink.width().max(ink.height()));
        let side = |ems: f32| ((ems * em).ceil() as usize).max(1);
        let (width, height) = (side(ink.width()), side(ink.height()));
        let (across, down) = (width as f32 / ink.width(), height as f32 / ink.height());
        let to_pixels = Matrix::from_elements([
            across / self.units_per_em,
            0.0,
            0.0,
            -down / self.units_per_em,
            -ink.left * across,
            -ink.top * down,
        ]);
        let mut canvas = Canvas {
            tables: &self.tables,
            palette: Palette::of(&self.tables),
            width,
            height,
            transforms: vec![to_pixels],
            clips: vec![vec![255; width * height]],
            layers: vec![vec![[0.0; 4]; width * height]],
        };
        self.glyph.paint(LocationRef::default(), &mut canvas).ok()?;
        let bytes = canvas
            .layers
            .first()?
            .iter()
            .flat_map(|pixel| straight(*pixel));
        Some(Pixels::new(
            width as u32,
            height as u32,
            Layout::Rgba,
            bytes.collect(),
        ))
    }
}

fn straight([red, green, blue, alpha]: Premultiplied) -> [u8; 4] {
    // The cast saturates, and rounding is what `+ 0.5` does.
    let byte = |value: f32| (value * 255.0 + 0.5) as u8;
    let color = |value: f32| byte(value / alpha.max(f32::EPSILON));
    [color(red), color(green), color(blue), byte(alpha)]
}

impl Canvas<'_> {
    fn transform(&self) -> Transform {
        self.transforms.last().copied().unwrap_or_default()
    }

    /// Paints only where `path` is from here on.
    fn clip(&mut self, path: &[Command]) {
        let mut covered = vec![0; self.width * self.height];
        Mask::new(path)
            .size(self.width as u32, self.height as u32)
            .render_into(&mut covered, None);
        if let Some(current) = self.clips.last() {
            for (covered, current) in covered.iter_mut().zip(current) {
                *covered = (u16::from(*covered) * u16::from(*current) / 255) as u8;
            }
        }
        self.clips.push(covered);
    }
}

impl ColorPainter for Canvas<'_> {
    fn push_transform(&mut self, transform: Transform) {
        self.transforms.push(self.transform() * transform);
    }

    fn pop_transform(&mut self) {
        self.transforms.pop();
    }

    fn push_clip_glyph(&mut self, glyph: GlyphId) {
        let path = path_of(self.tables, glyph, &self.transform());
        self.clip(&path);
    }

    fn push_clip_box(&mut self, clip: BoundingBox<f32>) {
        let transform = self.transform();
        let mut path = Path::new(&transform);
        path.move_to(clip.x_min, clip.y_min);
        path.line_to(clip.x_max, clip.y_min);
        path.line_to(clip.x_max, clip.y_max);
        path.line_to(clip.x_min, clip.y_max);
        path.close();
        self.clip(&path.commands);
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn fill(&mut self, brush: Brush<'_>) {
        let Some(to_brush) = inverted(&self.transform()) else {
            return;
        };
        let (Some(clip), Some(layer)) = (self.clips.last(), self.layers.last_mut()) else {
            return;
        };
        let pixels = clip.iter().zip(layer).enumerate();
        for (at, (&covered, ground)) in pixels.filter(|(_, (covered, _))| **covered > 0) {
            let (x, y) = (
                (at % self.width) as f32 + 0.5,
                (at / self.width) as f32 + 0.5,
            );
            let (x, y) = to_brush.transform(x, y);
            if let Some(color) = self.palette.at(&brush, x, y) {
                let color = color.map(|channel| channel * f32::from(covered) / 255.0);
                *ground = blend::composed(CompositeMode::SrcOver, color, *ground);
            }
        }
    }

    fn push_layer(&mut self, _: CompositeMode) {
        self.layers.push(vec![[0.0; 4]; self.width * self.height]);
    }

    fn pop_layer_with_mode(&mut self, mode: CompositeMode) {
        let (Some(above), Some(below)) = (self.layers.pop(), self.layers.last_mut()) else {
            return;
        };
        for (above, below) in above.into_iter().zip(below) {
            *below = blend::composed(mode, above, *below);
        }
    }
}

impl Survey<'_> {
    fn enter(&mut self) {
        self.depth += 1;
        self.is_paintable &= self.depth < DEPTH_MAX;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn reach(&mut self, corners: impl IntoIterator<Item = (f32, f32)>) {
        for (x, y) in corners {
            let reach = self.reach.get_or_insert(BoundingBox {
                x_min: x,
                y_min: y,
                x_max: x,
                y_max: y,
            });
            reach.x_min = reach.x_min.min(x);
            reach.y_min = reach.y_min.min(y);
            reach.x_max = reach.x_max.max(x);
            reach.y_max = reach.y_max.max(y);
        }
    }
}

impl ColorPainter for Survey<'_> {
    fn push_transform(&mut self, transform: Transform) {
        let current = self.transforms.last().copied().unwrap_or_default();
        self.transforms.push(current * transform);
    }

    fn pop_transform(&mut self) {
        self.transforms.pop();
    }

    fn push_clip_glyph(&mut self, glyph: GlyphId) {
        self.enter();
        let transform = self.transforms.last().copied().unwrap_or_default();
        let path = path_of(self.tables, glyph, &transform);
        let points = path.iter().flat_map(points);
        self.reach(points.collect::<Vec<_>>());
    }

    fn push_clip_box(&mut self, _: BoundingBox<f32>) {
        self.enter();
    }

    fn pop_clip(&mut self) {
        self.leave();
    }

    fn fill(&mut self, _: Brush<'_>) {}

    fn push_layer(&mut self, mode: CompositeMode) {
        self.enter();
        self.is_paintable &= blend::is_known(mode);
    }

    fn pop_layer(&mut self) {
        self.leave();
    }
}

/// The outline of a shape, which is a glyph by itself.
fn path_of(tables: &skrifa::FontRef<'_>, glyph: GlyphId, transform: &Transform) -> Vec<Command> {
    let mut path = Path::new(transform);
    let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
    let outline = tables.outline_glyphs().get(glyph);
    // A shape that is broken is as one that is empty: what is painted through it is not seen.
    let drawn = outline.is_some_and(|outline| outline.draw(settings, &mut path).is_ok());
    if drawn { path.commands } else { Vec::new() }
}

impl<'t> Path<'t> {
    const fn new(transform: &'t Transform) -> Self {
        Self {
            transform,
            commands: Vec::new(),
        }
    }

    fn point(&self, x: f32, y: f32) -> Point {
        let (x, y) = self.transform.transform(x, y);
        Point::new(x, y)
    }
}

impl OutlinePen for Path<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.commands.push(Command::MoveTo(self.point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.commands.push(Command::LineTo(self.point(x, y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (control, to) = (self.point(cx, cy), self.point(x, y));
        self.commands.push(Command::QuadTo(control, to));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (one, other, to) = (self.point(cx0, cy0), self.point(cx1, cy1), self.point(x, y));
        self.commands.push(Command::CurveTo(one, other, to));
    }

    fn close(&mut self) {
        self.commands.push(Command::Close);
    }
}

/// All points of a command: the curve they control lies between them.
fn points(command: &Command) -> Vec<(f32, f32)> {
    let points = match command {
        Command::MoveTo(to) | Command::LineTo(to) => vec![to],
        Command::QuadTo(control, to) => vec![control, to],
        Command::CurveTo(one, other, to) => vec![one, other, to],
        Command::Close => Vec::new(),
    };
    points.into_iter().map(|point| (point.x, point.y)).collect()
}

fn inverted(transform: &Transform) -> Option<Transform> {
    let [xx, yx, xy, yy, dx, dy] = transform.elements();
    let determinant = xx * yy - xy * yx;
    let inverse = 1.0 / determinant;
    inverse.is_finite().then(|| {
        Matrix::from_elements([
            yy * inverse,
            -yx * inverse,
            -xy * inverse,
            xx * inverse,
            (xy * dy - yy * dx) * inverse,
            (yx * dx - xx * dy) * inverse,
        ])
    })
}
