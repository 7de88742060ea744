//! A glyph as lines and curves.

use swash::{
    FontRef,
    scale::ScaleContext,
    zeno::{Command, PathData, Transform},
};

use crate::fonts::WEIGHT;

/// Outlines are read at this size, because some are scaled in whole fractions of a pixel.
const READ_AT: f32 = 1000.0;

/// A glyph's lines and curves, in ems from its origin; y grows downwards.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(super) commands: Vec<Command>,
    /// `None` for a glyph that leaves no ink.
    pub(super) ink: Option<Ink>,
}

/// A rectangle of ink; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
}

impl Outline {
    pub(crate) fn of_glyph(font: FontRef<'_>, glyph: u16) -> Self {
        let mut context = ScaleContext::new();
        let scaler = context.builder(font).size(READ_AT).variations(WEIGHT);
        let mut scaler = scaler.build();
        let Some(mut outline) = scaler.scale_outline(glyph) else {
            return Self::blank();
        };
        outline.transform(&Transform::scale(1.0 / READ_AT, -1.0 / READ_AT));
        if outline.is_empty() || outline.points().is_empty() {
            return Self::blank();
        }
        let bounds = outline.bounds();
        Self {
            commands: outline.path().commands().collect(),
            ink: Some(Ink {
                left: bounds.min.x,
                right: bounds.max.x,
                top: bounds.min.y,
                bottom: bounds.max.y,
            }),
        }
    }

    /// Bytes on the heap.
    pub(super) fn weight_bytes(&self) -> usize {
        size_of_val(self) + size_of_val(&*self.commands)
    }

    const fn blank() -> Self {
        Self {
            commands: Vec::new(),
            ink: None,
        }
    }
}

impl Ink {
    pub(super) const NONE: Self = Self {
        left: 0.0,
        right: 0.0,
        top: 0.0,
        bottom: 0.0,
    };

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn moved(self, x: f32, y: f32) -> Self {
        Self {
            left: self.left + x,
            right: self.right + x,
            top: self.top + y,
            bottom: self.bottom + y,
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }
}
