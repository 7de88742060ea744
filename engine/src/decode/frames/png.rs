//! APNG (PNG third edition, section 4.9): frames around which the same header stands.

use std::io::Cursor;

use ::png::{BlendOp, ColorType, DisposeOp, FrameControl, OutputInfo};

use super::{Laid, Patch, Patches, Then};
use crate::{
    decode::{self, png::reason},
    pixels::{Layout, Pixels, Region},
};

pub(super) struct Reader<'s> {
    reader: ::png::Reader<Cursor<&'s [u8]>>,
}

impl<'s> Reader<'s> {
    pub(super) fn open(source: &'s [u8]) -> Result<Self, String> {
        let reader = decode::png_reader(source).map_err(reason)?;
        let mut reader = Self { reader };
        // A picture for those who know no animation, which is no part of it.
        if reader.reader.info().frame_control.is_none() {
            reader.pixels()?;
        }
        Ok(reader)
    }

    fn pixels(&mut self) -> Result<(OutputInfo, Vec<u8>), String> {
        let size = self.reader.output_buffer_size();
        let size = size.ok_or("its picture is larger than the memory of this machine")?;
        let mut bytes = vec![0; size];
        let info = self.reader.next_frame(&mut bytes).map_err(reason)?;
        bytes.truncate(info.buffer_size());
        Ok((info, bytes))
    }

    /// Rows of an interlaced frame come as far apart as those of the whole picture.
    fn check_rows(&self, frame: &FrameControl) -> Result<(), String> {
        let info = self.reader.info();
        if info.interlaced && frame.width != info.width {
            return Err("interlaced frames narrower than the picture are not supported".to_owned());
        }
        Ok(())
    }
}

impl Patches for Reader<'_> {
    fn next(&mut self) -> Result<Patch, String> {
        let (info, bytes) = self.pixels()?;
        let frame = self
            .reader
            .info()
            .frame_control
            .ok_or("a frame has no place")?;
        self.check_rows(&frame)?;
        let layout = match info.color_type {
            ColorType::Grayscale => Layout::Gray,
            ColorType::GrayscaleAlpha => Layout::GrayAlpha,
            ColorType::Rgb => Layout::Rgb,
            ColorType::Rgba => Layout::Rgba,
            ColorType::Indexed => return Err("its palette is missing".to_owned()),
        };
        let pixels = Pixels::new(info.width, info.height, layout, bytes);
        Ok(Patch {
            region: Region {
                x: frame.x_offset,
                y: frame.y_offset,
                width: frame.width,
                height: frame.height,
            },
            rgba: pixels.with_alpha().bytes,
            laid: match frame.blend_op {
                BlendOp::Over => Laid::Over,
                BlendOp::Source => Laid::InsteadOf,
            },
            then: match frame.dispose_op {
                DisposeOp::None => Then::Stays,
                DisposeOp::Background => Then::IsCleared,
                DisposeOp::Previous => Then::IsTakenBack,
            },
            shown_ms: shown_ms(&frame),
        })
    }

    fn plays(&self) -> u32 {
        let control = self.reader.info().animation_control();
        control.map_or(1, |control| control.num_plays)
    }

    fn profile(&self) -> Option<Vec<u8>> {
        let profile = self.reader.info().icc_profile.as_ref();
        profile.map(|bytes| bytes.to_vec())
    }
}

/// A fraction of a second; of a hundred parts, if it does not say of how many.
fn shown_ms(frame: &FrameControl) -> u32 {
    let parts = match frame.delay_den {
        0 => 100,
        parts => u32::from(parts),
    };
    (u32::from(frame.delay_num) * 1000 + parts / 2) / parts
}
