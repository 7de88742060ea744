//! What a progressive file says of itself: its frame, and all of its scans, of which only the data are left to be read.

use memchr::memchr;

use super::script::Script;
use crate::{
    Unsupported,
    frame::{Colours, Frame},
    header::{START_OF_IMAGE, START_OF_SCAN, Segment, restart_interval},
    tables::Tables,
};

/// Encoders write about ten; each costs a walk over the whole picture.
const SCANS_MAX: usize = 100;

const END_OF_IMAGE: u8 = 0xd9;

/// A progressive JPEG whose scans add up to a whole picture.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) frame: Frame,
    pub(crate) scans: Vec<Scan<'a>>,
}

/// One walk over the picture.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) pass: Pass<'a>,
    /// The bit, counted from the lowest one, that values are precise to afterwards.
    pub(crate) low: u32,
    /// MCUs between two restart markers.
    pub(crate) restart_interval: Option<usize>,
    /// From the first byte of its data to the marker behind them.
    pub(crate) data: &'a [u8],
    pub(crate) end: u8,
}

/// What a scan says, and of which components.
#[derive(Debug)]
pub(crate) enum Pass<'a> {
    /// The highest bits of DC coefficients.
    FirstLevel(Vec<(usize, Codes<'a>)>),
    /// One more bit of them.
    FinerLevel(Vec<usize>),
    /// The highest bits of some AC coefficients.
    FirstBand(Band<'a>),
    /// One more bit of them.
    FinerBand(Band<'a>),
}

/// Some AC coefficients of a component.
#[derive(Debug)]
pub(crate) struct Band<'a> {
    pub(crate) component: usize,
    pub(crate) codes: Codes<'a>,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// A Huffman table as the file has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes<'a> {
    pub(crate) counts: &'a [u8; 16],
    pub(crate) symbols: &'a [u8],
}

/// The header of `source`, if this crate can read what follows it.
pub(crate) fn read(source: &[u8]) -> Result<Header<'_>, Unsupported> {
    let mut rest = source
        .strip_prefix(&START_OF_IMAGE)
        .ok_or(Unsupported::Header)?;
    let mut seen = Seen::default();
    while !rest.starts_with(&[0xff, END_OF_IMAGE]) {
        let segment = Segment::read(&mut rest).ok_or(Unsupported::Header)?;
        if segment.marker == START_OF_SCAN {
            let data = Data::read(&mut rest).ok_or(Unsupported::Header)?;
            seen.take_scan(segment.payload, &data)?;
        } else {
            seen.take(&segment)?;
        }
    }
    seen.into_header()
}

/// What a scan's header is followed by.
struct Data<'a> {
    bytes: &'a [u8],
    end: u8,
}

impl<'a> Data<'a> {
    /// Everything to the next marker that is not a restart, which stays in `rest` too.
    fn read(rest: &mut &'a [u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            at += memchr(0xff, rest.get(at..)?)?;
            match *rest.get(at + 1)? {
                0 | 0xd0..=0xd7 => at += 2,
                0xff => at += 1,
                end => {
                    let bytes = &rest[..at + 2];
                    *rest = &rest[at..];
                    return Some(Self { bytes, end });
                }
            }
        }
    }
}

/// What the segments so far have said.
#[derive(Default)]
struct Seen<'a> {
    frame: Option<Frame>,
    quantisation: Tables,
    colours: Colours,
    restart_interval: Option<usize>,
    dc: [Option<Codes<'a>>; 4],
    ac: [Option<Codes<'a>>; 4],
    script: Script,
    scans: Vec<Scan<'a>>,
}

impl<'a> Seen<'a> {
    fn take(&mut self, segment: &Segment<'a>) -> Result<(), Unsupported> {
        match segment.marker {
            0xc2 if self.frame.is_none() => self.frame = Some(Frame::parse(segment.payload)?),
            0xc4 => self.take_codes(segment.payload)?,
            // Decoders disagree about tables that change while the picture comes.
            0xdb if self.scans.is_empty() => {
                self.quantisation.take_quantisation(segment.payload)?;
            }
            0xdd => self.restart_interval = restart_interval(segment.payload)?,
            0xe0..=0xef | 0xfe => self.colours.take(segment),
            _ => return Err(Unsupported::Header),
        }
        Ok(())
    }

    fn take_codes(&mut self, mut rest: &'a [u8]) -> Result<(), Unsupported> {
        while let Some((&class_and_index, after)) = rest.split_first() {
            let (counts, after) = after.split_first_chunk::<16>().ok_or(Unsupported::Header)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, after) = after.split_at_checked(total).ok_or(Unsupported::Header)?;
            let tables = match class_and_index >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Unsupported::Tables),
            };
            let table = tables.get_mut(usize::from(class_and_index & 15));
            *table.ok_or(Unsupported::Tables)? = Some(Codes { counts, symbols });
            rest = after;
        }
        Ok(())
    }

    fn take_scan(&mut self, payload: &[u8], data: &Data<'a>) -> Result<(), Unsupported> {
        if self.scans.len() == SCANS_MAX {
            return Err(Unsupported::TooManyScans { max: SCANS_MAX });
        }
        let Some((&count, rest)) = payload.split_first() else {
            return Err(Unsupported::Header);
        };
        let Some((parts, &[first, last, bits])) = rest.split_last_chunk::<3>() else {
            return Err(Unsupported::Header);
        };
        let (parts, []) = parts.as_chunks::<2>() else {
            return Err(Unsupported::Header);
        };
        if parts.len() != usize::from(count) {
            return Err(Unsupported::Header);
        }
        let components = self.components_of(parts)?;
        let (first, last) = (usize::from(first), usize::from(last));
        let (high, low) = (bits >> 4, bits & 15);
        for &component in &components {
            self.script.take(component, first, last, high, low)?;
        }
        let pass = if first == 0 {
            self.level(parts, components, high > 0)?
        } else {
            self.band(parts, &components, (first, last), high > 0)?
        };
        self.scans.push(Scan {
            pass,
            low: low.into(),
            restart_interval: self.restart_interval,
            data: data.bytes,
            end: data.end,
        });
        Ok(())
    }

    /// Which components a scan is about: in the order of the frame, as the standard asks for.
    fn components_of(&self, parts: &[[u8; 2]]) -> Result<Vec<usize>, Unsupported> {
        let frame = self.frame.as_ref().ok_or(Unsupported::Header)?;
        let index = |&[id, _]: &[u8; 2]| frame.components.iter().position(|c| c.id == id);
        let indices: Option<Vec<_>> = parts.iter().map(index).collect();
        let indices = indices.ok_or(Unsupported::Header)?;
        if indices.is_empty() || !indices.is_sorted_by(|one, next| one < next) {
            return Err(Unsupported::Scans);
        }
        Ok(indices)
    }

    fn level(
        &self,
        parts: &[[u8; 2]],
        components: Vec<usize>,
        is_finer: bool,
    ) -> Result<Pass<'a>, Unsupported> {
        if is_finer {
            return Ok(Pass::FinerLevel(components));
        }
        let tables = parts
            .iter()
            .map(|&[_, tables]| table(&self.dc, tables >> 4));
        let tables: Result<Vec<_>, _> = tables.collect();
        Ok(Pass::FirstLevel(
            components.into_iter().zip(tables?).collect(),
        ))
    }

    fn band(
        &self,
        parts: &[[u8; 2]],
        components: &[usize],
        (first, last): (usize, usize),
        is_finer: bool,
    ) -> Result<Pass<'a>, Unsupported> {
        let (&[component], &[[_, tables]]) = (components, parts) else {
            return Err(Unsupported::Progression);
        };
        let band = Band {
            component,
            codes: table(&self.ac, tables & 15)?,
            first,
            last,
        };
        Ok(if is_finer {
            Pass::FinerBand(band)
        } else {
            Pass::FirstBand(band)
        })
    }

    fn into_header(self) -> Result<Header<'a>, Unsupported> {
        let mut frame = self.frame.ok_or(Unsupported::Header)?;
        self.colours.check(&frame.components)?;
        self.script.check_complete(frame.components.len())?;
        for component in &mut frame.components {
            component.find_quantisation(&self.quantisation)?;
        }
        Ok(Header {
            frame,
            scans: self.scans,
        })
    }
}

fn table<'a>(tables: &[Option<Codes<'a>>; 4], index: u8) -> Result<Codes<'a>, Unsupported> {
    let table = tables.get(usize::from(index)).copied().flatten();
    table.ok_or(Unsupported::Tables)
}
