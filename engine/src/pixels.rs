//! A decoded picture: eight bits a channel, rows without gaps.

/// Which channels a pixel has, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

/// A picture in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    pub(crate) bytes: Vec<u8>,
}

/// A rectangle of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Layout {
    /// Channels, which are bytes, of a pixel.
    pub(crate) const fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    pub(crate) const fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }

    pub(crate) const fn has_color(self) -> bool {
        matches!(self, Self::Rgb | Self::Rgba)
    }

    const fn without_alpha(self) -> Self {
        match self {
            Self::Gray | Self::GrayAlpha => Self::Gray,
            Self::Rgb | Self::Rgba => Self::Rgb,
        }
    }
}

impl Pixels {
    /// # Panics
    /// When `bytes` are not exactly the pixels that the dimensions ask for.
    pub(crate) fn new(width: u32, height: u32, layout: Layout, bytes: Vec<u8>) -> Self {
        assert_eq!(
            bytes.len(),
            width as usize * height as usize * layout.channels()
        );
        Self {
            width,
            height,
            layout,
            bytes,
        }
    }

    /// The pixels of `region`, row by row, to be changed.
    pub(crate) fn rows_mut(&mut self, region: Region) -> impl Iterator<Item = &mut [u8]> {
        let channels = self.layout.channels();
        let columns = region.columns(channels);
        self.bytes
            .chunks_exact_mut(self.width as usize * channels)
            .skip(region.y as usize)
            .take(region.height as usize)
            .map(move |row| &mut row[columns.clone()])
    }

    /// Leaves an alpha channel out that hides nothing.
    pub(crate) fn without_idle_alpha(self) -> Self {
        let channels = self.layout.channels();
        let idle = self.layout.has_alpha()
            && self
                .bytes
                .chunks_exact(channels)
                .all(|pixel| pixel[channels - 1] == 255);
        if idle { self.flattened_on(0) } else { self }
    }

    /// The picture as it looks on a ground of this grey, without alpha. Done in place: the pixels move together.
    pub(crate) fn flattened_on(mut self, ground: u8) -> Self {
        if !self.layout.has_alpha() {
            return self;
        }
        let channels = self.layout.channels();
        let colors = channels - 1;
        let mut to = 0;
        for from in (0..self.bytes.len()).step_by(channels) {
            let alpha = self.bytes[from + colors];
            for channel in 0..colors {
                self.bytes[to] = over(self.bytes[from + channel], ground, alpha);
                to += 1;
            }
        }
        self.bytes.truncate(to);
        self.layout = self.layout.without_alpha();
        self
    }

    /// The same picture with red, green and blue, if it is grey.
    pub(crate) fn with_color(self) -> Self {
        let (layout, bytes) = match self.layout {
            Layout::Gray => (
                Layout::Rgb,
                self.bytes.iter().flat_map(|&gray| [gray; 3]).collect(),
            ),
            Layout::GrayAlpha => {
                let (pixels, _) = self.bytes.as_chunks();
                let rgba = |&[gray, alpha]: &[u8; 2]| [gray, gray, gray, alpha];
                (Layout::Rgba, pixels.iter().flat_map(rgba).collect())
            }
            Layout::Rgb | Layout::Rgba => return self,
        };
        Self::new(self.width, self.height, layout, bytes)
    }

    /// What shows of pixels with straight alpha.
    ///
    /// # Panics
    /// In tests, when there is another channel more or less.
    pub(crate) fn visible(&self) -> impl Iterator<Item = [u8; 4]> {
        debug_assert_eq!(self.layout, Layout::Rgba, "four channels are looked at");
        let (pixels, _) = self.bytes.as_chunks::<4>();
        pixels.iter().copied().filter(|[.., alpha]| *alpha > 0)
    }

    /// Whether what shows of pixels with straight alpha is grey.
    pub(crate) fn is_neutral(&self) -> bool {
        self.visible()
            .all(|[red, green, blue, _]| red == green && green == blue)
    }

    /// The same picture as red, green, blue and alpha.
    pub(crate) fn with_alpha(self) -> Self {
        let colored = self.with_color();
        if colored.layout == Layout::Rgba {
            return colored;
        }
        let (pixels, _) = colored.bytes.as_chunks();
        let rgba = |&[red, green, blue]: &[u8; 3]| [red, green, blue, 255];
        let bytes = pixels.iter().flat_map(rgba).collect();
        Self::new(colored.width, colored.height, Layout::Rgba, bytes)
    }
}

/// A channel of straight alpha over an opaque ground, rounded.
pub(crate) const fn over(color: u8, ground: u8, alpha: u8) -> u8 {
    let (color, ground, alpha) = (color as u32, ground as u32, alpha as u32);
    ((color * alpha + ground * (255 - alpha) + 127) / 255) as u8
}

impl Region {
    /// Pixels in it.
    pub(crate) const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }

    fn columns(self, channels: usize) -> std::ops::Range<usize> {
        let from = self.x as usize * channels;
        from..from + self.width as usize * channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_that_hides_nothing_is_left_out_and_other_alpha_is_kept() {
        let opaque = Pixels::new(2, 1, Layout::Rgba, vec![1, 2, 3, 255, 4, 5, 6, 255]);
        assert_eq!(
            opaque.without_idle_alpha(),
            Pixels::new(2, 1, Layout::Rgb, vec![1, 2, 3, 4, 5, 6])
        );
        let veiled = Pixels::new(2, 1, Layout::GrayAlpha, vec![1, 255, 4, 254]);
        assert_eq!(veiled.clone().without_idle_alpha(), veiled);
    }

    #[test]
    fn what_is_transparent_shows_the_ground() {
        let picture = Pixels::new(3, 1, Layout::GrayAlpha, vec![0, 0, 0, 128, 0, 255]);
        assert_eq!(picture.flattened_on(255).bytes, [255, 127, 0]);
    }
}
