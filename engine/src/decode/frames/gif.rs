//! GIF (version 89a): frames of a palette, each on its own part of the screen.

use std::num::NonZeroU64;

use ::gif::{
    ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit, Repeat,
};

use super::{Laid, Patch, Patches, Then};
use crate::{Limits, pixels::Region};

pub(super) struct Reader<'s> {
    decoder: Decoder<&'s [u8]>,
}

impl<'s> Reader<'s> {
    pub(super) fn open(source: &'s [u8], limits: &Limits) -> Result<Self, String> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        let bytes_max = NonZeroU64::new(limits.decoded_bytes_max).unwrap_or(NonZeroU64::MIN);
        options.set_memory_limit(MemoryLimit::Bytes(bytes_max));
        let decoder = options.read_info(source).map_err(reason)?;
        Ok(Self { decoder })
    }
}

impl Patches for Reader<'_> {
    fn next(&mut self) -> Result<Patch, String> {
        let screen = u64::from(self.decoder.width()) * u64::from(self.decoder.height());
        let frame = self.decoder.next_frame_info().map_err(reason)?;
        let frame = frame.ok_or("it has fewer frames than it seems to")?;
        let region = Region {
            x: frame.left.into(),
            y: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
        };
        let then = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Then::Stays,
            DisposalMethod::Background => Then::IsCleared,
            DisposalMethod::Previous => Then::IsTakenBack,
        };
        let shown_ms = u32::from(frame.delay) * 10;
        if region.area() as u64 > screen {
            return Err("a frame is larger than the screen".to_owned());
        }
        let mut rgba = vec![0; self.decoder.buffer_size()];
        self.decoder.read_into_buffer(&mut rgba).map_err(reason)?;
        Ok(Patch {
            region,
            rgba,
            laid: Laid::Over,
            then,
            shown_ms,
        })
    }

    /// The loop extension counts repetitions: what is repeated twice is shown three times. Without one there are none.
    fn plays(&self) -> u32 {
        match self.decoder.repeat() {
            Repeat::Infinite => 0,
            Repeat::Finite(repetitions) => u32::from(repetitions) + 1,
        }
    }

    fn profile(&self) -> Option<Vec<u8>> {
        self.decoder.icc_profile().map(<[u8]>::to_vec)
    }
}

fn reason(error: DecodingError) -> String {
    match error {
        DecodingError::UnexpectedEof => "it is cut short".to_owned(),
        DecodingError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it is cut short".to_owned()
        }
        error => error.to_string(),
    }
}
