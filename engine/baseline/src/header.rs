//! What a file says of itself: read up to the picture's data, and refused unless every word is known.

use planes::Subsampling;

use crate::{Unsupported, tables::Tables};

/// A baseline JPEG of one or three components, all in one scan.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) components: Vec<Component>,
    /// MCUs between two restart markers.
    pub(crate) restart_interval: Option<usize>,
    pub(crate) tables: Tables,
    /// From the first byte of the picture's data to the end of the file.
    pub(crate) data: &'a [u8],
}

/// Luma or one of the chromas.
#[derive(Debug)]
pub(crate) struct Component {
    id: u8,
    /// Blocks in an MCU, from left to right.
    pub(crate) across: usize,
    /// Blocks in an MCU, from top to bottom.
    pub(crate) down: usize,
    quantisation_index: usize,
    /// By row and column, no longer in zigzag order.
    pub(crate) quantisation: [i16; 64],
    pub(crate) dc_index: usize,
    pub(crate) ac_index: usize,
}

/// ITU-T T.81: no MCU of an interleaved scan has more blocks.
pub(crate) const MCU_BLOCKS_MAX: usize = 10;

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

impl Header<'_> {
    /// How many pixels share a sample of chroma.
    pub(crate) fn subsampling(&self) -> Subsampling {
        match self.components.as_slice() {
            [luma, chroma, _] => Subsampling {
                across: luma.across / chroma.across,
                down: luma.down / chroma.down,
            },
            _ => Subsampling::NONE,
        }
    }

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
    restart_interval: usize,
    is_jfif: bool,
    adobe_transform: Option<u8>,
}

struct Frame {
    width: usize,
    height: usize,
    components: Vec<Component>,
}

impl Seen {
    fn take(&mut self, segment: &Segment<'_>) -> Result<(), Unsupported> {
        let payload = segment.payload;
        match segment.marker {
            0xc0 => self.take_frame(payload),
            0xc4 => self.tables.take_huffman(payload),
            0xdb => self.tables.take_quantisation(payload),
            0xdd => self.take_restart_interval(payload),
            0xe0..=0xef | 0xfe => {
                self.take_application(segment.marker, payload);
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

    fn take_restart_interval(&mut self, payload: &[u8]) -> Result<(), Unsupported> {
        let &[high, low] = payload else {
            return Err(Unsupported::Header);
        };
        self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
        Ok(())
    }

    fn take_application(&mut self, marker: u8, payload: &[u8]) {
        match (marker, payload) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.is_jfif = true,
            (
                0xee,
                [
                    b'A',
                    b'd',
                    b'o',
                    b'b',
                    b'e',
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    transform,
                    ..,
                ],
            ) => {
                self.adobe_transform = Some(*transform);
            }
            _ => {}
        }
    }

    fn into_header<'a>(self, scan: &[u8], data: &'a [u8]) -> Result<Header<'a>, Unsupported> {
        let mut frame = self.frame.ok_or(Unsupported::Header)?;
        check_colours(&frame.components, self.is_jfif, self.adobe_transform)?;
        frame.take_scan(scan)?;
        for component in &mut frame.components {
            component.find_tables(&self.tables)?;
        }
        Ok(Header {
            width: frame.width,
            height: frame.height,
            components: frame.components,
            restart_interval: (self.restart_interval > 0).then_some(self.restart_interval),
            tables: self.tables,
            data,
        })
    }
}

impl Frame {
    fn parse(payload: &[u8]) -> Result<Self, Unsupported> {
        let &[bits, y0, y1, x0, x1, count, ref rest @ ..] = payload else {
            return Err(Unsupported::Header);
        };
        if bits != 8 {
            return Err(Unsupported::Precision { bits });
        }
        if count != 1 && count != 3 {
            return Err(Unsupported::Components { count });
        }
        let (specs, []) = rest.as_chunks::<3>() else {
            return Err(Unsupported::Header);
        };
        let width = usize::from(u16::from_be_bytes([x0, x1]));
        let height = usize::from(u16::from_be_bytes([y0, y1]));
        if specs.len() != usize::from(count) || width == 0 || height == 0 {
            return Err(Unsupported::Header);
        }
        let components = specs.iter().map(Component::parse).collect();
        let mut frame = Self {
            width,
            height,
            components,
        };
        frame.check_sampling()?;
        Ok(frame)
    }

    /// Luma has the most samples, both chromas have the same, and theirs are a whole fraction of luma's.
    fn check_sampling(&mut self) -> Result<(), Unsupported> {
        if let [single] = self.components.as_mut_slice() {
            // A scan of one component has one block in an MCU, whatever its factors.
            (single.across, single.down) = (1, 1);
            return Ok(());
        }
        let factors = |index: usize| (self.components[index].across, self.components[index].down);
        let (luma, chroma) = (factors(0), factors(1));
        let blocks: usize = self.components.iter().map(|c| c.across * c.down).sum();
        let is_usual = matches!(luma.0, 1 | 2 | 4)
            && matches!(luma.1, 1 | 2)
            && chroma == factors(2)
            && matches!(chroma.0, 1 | 2)
            && matches!(chroma.1, 1 | 2)
            && luma.0 % chroma.0 == 0
            && luma.1 % chroma.1 == 0
            && blocks <= MCU_BLOCKS_MAX;
        is_usual.then_some(()).ok_or(Unsupported::Sampling)
    }

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

/// Three components are luma and chroma when JFIF or Adobe says so, or when they are numbered as JFIF would.
fn check_colours(
    components: &[Component],
    is_jfif: bool,
    adobe_transform: Option<u8>,
) -> Result<(), Unsupported> {
    let [first, second, third] = components else {
        return Ok(());
    };
    let is_numbered = (first.id, second.id, third.id) == (1, 2, 3);
    let is_certain = match adobe_transform {
        Some(transform) => transform == 1,
        None => is_jfif || is_numbered,
    };
    is_certain.then_some(()).ok_or(Unsupported::Colours)
}

impl Component {
    fn parse(&[id, factors, quantisation_index]: &[u8; 3]) -> Self {
        Self {
            id,
            across: usize::from(factors >> 4),
            down: usize::from(factors & 15),
            quantisation_index: usize::from(quantisation_index),
            quantisation: [0; 64],
            dc_index: 0,
            ac_index: 0,
        }
    }

    /// Every table that the component names is there: [`Tables::dc`] and [`Tables::ac`] rely on it.
    fn find_tables(&mut self, tables: &Tables) -> Result<(), Unsupported> {
        let quantisation = tables.quantisation(self.quantisation_index);
        self.quantisation = quantisation.ok_or(Unsupported::Tables)?;
        tables
            .has_huffman(self)
            .then_some(())
            .ok_or(Unsupported::Tables)
    }
}
