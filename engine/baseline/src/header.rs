//! What a file says of itself: read up to the picture's data, and refused unless every word is known.

use std::ops::Deref;

pub(crate) use crate::frame::Component;
use crate::{
    Unsupported,
    frame::{Colours, Frame},
    tables::Tables,
};

/// A baseline JPEG of one or three components, all in one scan.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) frame: Frame,
    /// MCUs between two restart markers.
    pub(crate) restart_interval: Option<usize>,
    pub(crate) tables: Tables,
    /// From the first byte of the picture's data to the end of the file.
    pub(crate) data: &'a [u8],
}

pub(crate) const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
pub(crate) const START_OF_SCAN: u8 = 0xda;

/// The header of `source`, if this crate can read what follows it.
pub(crate) fn read(source: &[u8]) -> Result<Header<'_>, Unsupported> {
    let mut rest = source
        .strip_prefix(&START_OF_IMAGE)
        .ok_or(Unsupported::Header)?;
    let mut seen = Seen::default();
    loop {
        let segment = Segment::read(&mut rest).ok_or(Unsupported::Header)?;
        if segment.marker == START_OF_SCAN {
            return seen.into_header(segment.payload, rest);
        }
        seen.take(&segment)?;
    }
}

impl Deref for Header<'_> {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

impl Header<'_> {
    /// Blocks in an MCU.
    pub(crate) fn mcu_blocks(&self) -> usize {
        let components = self.components.iter();
        components.map(|c| c.across * c.down).sum()
    }

    /// Multiplying by zero is no harm, dividing is.
    pub(crate) fn check_divisors(&self) -> Result<(), Unsupported> {
        let has_zero = |component: &Component| component.quantisation.contains(&0);
        if self.components.iter().any(has_zero) {
            return Err(Unsupported::Tables);
        }
        Ok(())
    }
}

/// A marker, and what belongs to it.
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    pub(crate) payload: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The next segment, which must stand right here: bytes between segments are for decoders that guess.
    pub(crate) fn read(rest: &mut &'a [u8]) -> Option<Self> {
        let &[0xff, marker, high, low, ref after @ ..] = *rest else {
            return None;
        };
        let payload_len = usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?;
        let (payload, after) = after.split_at_checked(payload_len)?;
        *rest = after;
        Some(Self { marker, payload })
    }
}

/// What the segments before the scan have said.
#[derive(Default)]
struct Seen {
    frame: Option<Frame>,
    tables: Tables,
    restart_interval: Option<usize>,
    colours: Colours,
}

impl Seen {
    fn take(&mut self, segment: &Segment<'_>) -> Result<(), Unsupported> {
        let payload = segment.payload;
        match segment.marker {
            0xc0 => self.take_frame(payload),
            0xc4 => self.tables.take_huffman(payload),
            0xdb => self.tables.take_quantisation(payload),
            0xdd => {
                self.restart_interval = restart_interval(payload)?;
                Ok(())
            }
            0xe0..=0xef | 0xfe => {
                self.colours.take(segment);
                Ok(())
            }
            marker @ 0xc1..=0xcf => Err(Unsupported::Process { marker }),
            _ => Err(Unsupported::Header),
        }
    }

    fn take_frame(&mut self, payload: &[u8]) -> Result<(), Unsupported> {
        if self.frame.is_some() {
            return Err(Unsupported::Header);
        }
        self.frame = Some(Frame::parse(payload)?);
        Ok(())
    }

    fn into_header<'a>(self, scan: &[u8], data: &'a [u8]) -> Result<Header<'a>, Unsupported> {
        let mut frame = self.frame.ok_or(Unsupported::Header)?;
        self.colours.check(&frame.components)?;
        frame.take_scan(scan)?;
        for component in &mut frame.components {
            component.find_quantisation(&self.tables)?;
            self.tables.check_huffman(component)?;
        }
        Ok(Header {
            frame,
            restart_interval: self.restart_interval,
            tables: self.tables,
            data,
        })
    }
}

/// The content of a segment that says how far restart markers are apart.
pub(crate) fn restart_interval(payload: &[u8]) -> Result<Option<usize>, Unsupported> {
    let &[high, low] = payload else {
        return Err(Unsupported::Header);
    };
    let interval = usize::from(u16::from_be_bytes([high, low]));
    Ok((interval > 0).then_some(interval))
}

impl Frame {
    fn take_scan(&mut self, payload: &[u8]) -> Result<(), Unsupported> {
        let Some((&count, rest)) = payload.split_first() else {
            return Err(Unsupported::Header);
        };
        if usize::from(count) != self.components.len() {
            return Err(Unsupported::Scans);
        }
        let Some((specs, [0, 63, 0])) = rest.split_last_chunk::<3>() else {
            return Err(Unsupported::Header);
        };
        let (specs, []) = specs.as_chunks::<2>() else {
            return Err(Unsupported::Header);
        };
        if specs.len() != self.components.len() {
            return Err(Unsupported::Header);
        }
        for (component, &[id, tables]) in self.components.iter_mut().zip(specs) {
            if component.id != id {
                return Err(Unsupported::Scans);
            }
            component.dc_index = usize::from(tables >> 4);
            component.ac_index = usize::from(tables & 15);
        }
        Ok(())
    }
}
