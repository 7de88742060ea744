//! The screen that frames are shown on, and what the next one finds there.

use super::{Laid, Patch, Then};
use crate::pixels::{Layout, Pixels, Region};

/// What is seen, transparent at first.
pub(super) struct Screen {
    pixels: Pixels,
    /// What is to be done before the next frame.
    then: Option<Undo>,
}

/// How the screen comes to what the next frame builds on.
enum Undo {
    Clear(Region),
    Restore(Region, Vec<u8>),
}

impl Screen {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let bytes = vec![0; width as usize * height as usize * 4];
        Self {
            pixels: Pixels::new(width, height, Layout::Rgba, bytes),
            then: None,
        }
    }

    /// The picture with `patch` in it.
    pub(super) fn showing(&mut self, patch: &Patch) -> Result<Pixels, String> {
        match self.then.take() {
            Some(Undo::Clear(region)) => self.clear(region),
            Some(Undo::Restore(region, rgba)) => self.restore(region, &rgba),
            None => {}
        }
        if let Some(seen) = self.seen(patch.region) {
            self.then = match patch.then {
                Then::Stays => None,
                Then::IsCleared => Some(Undo::Clear(seen)),
                Then::IsTakenBack => Some(Undo::Restore(seen, self.copied(seen))),
            };
            self.lay(patch, seen)?;
        }
        Ok(self.pixels.clone())
    }

    /// The part of a region that lies on the screen.
    fn seen(&self, region: Region) -> Option<Region> {
        let width = self.pixels.width.checked_sub(region.x)?;
        let height = self.pixels.height.checked_sub(region.y)?;
        let seen = Region {
            width: region.width.min(width),
            height: region.height.min(height),
            ..region
        };
        (seen.area() > 0).then_some(seen)
    }

    fn lay(&mut self, patch: &Patch, seen: Region) -> Result<(), String> {
        if patch.rgba.len() != 4 * patch.region.area() {
            return Err("a frame has other pixels than it announces".to_owned());
        }
        let rows = patch.rgba.chunks_exact(4 * patch.region.width as usize);
        for (screen, row) in self.pixels.rows_mut(seen).zip(rows) {
            let row = &row[..screen.len()];
            match patch.laid {
                Laid::InsteadOf => screen.copy_from_slice(row),
                Laid::Over => lay_over(screen, row),
            }
        }
        Ok(())
    }

    fn clear(&mut self, region: Region) {
        self.pixels.rows_mut(region).for_each(|row| row.fill(0));
    }

    fn restore(&mut self, region: Region, rgba: &[u8]) {
        let rows = rgba.chunks_exact(4 * region.width as usize);
        for (screen, row) in self.pixels.rows_mut(region).zip(rows) {
            screen.copy_from_slice(row);
        }
    }

    fn copied(&mut self, region: Region) -> Vec<u8> {
        let mut rgba = Vec::with_capacity(4 * region.area());
        self.pixels
            .rows_mut(region)
            .for_each(|row| rgba.extend_from_slice(row));
        rgba
    }
}

fn lay_over(screen: &mut [u8], row: &[u8]) {
    let (ground, _) = screen.as_chunks_mut();
    let (colors, _) = row.as_chunks();
    for (ground, color) in ground.iter_mut().zip(colors) {
        *ground = over(*color, *ground);
    }
}

/// A colour of straight alpha over another, rounded (PNG third edition, section 13.16).
fn over(color: [u8; 4], ground: [u8; 4]) -> [u8; 4] {
    match (color[3], ground[3]) {
        (0, _) => return ground,
        (255, _) | (_, 0) => return color,
        _ => {}
    }
    let (alpha, beneath) = (u32::from(color[3]), u32::from(ground[3]));
    let (counts, shows) = (alpha * 255, beneath * (255 - alpha));
    let all = counts + shows;
    let mixed = |channel: usize| {
        let sum = u32::from(color[channel]) * counts + u32::from(ground[channel]) * shows;
        ((sum + all / 2) / all) as u8
    };
    [mixed(0), mixed(1), mixed(2), ((all + 127) / 255) as u8]
}
