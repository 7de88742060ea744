//! What a picture is made of: its size, its components, and what their colours are.

use planes::Subsampling;

use crate::{Unsupported, header::Segment, tables::Tables};

/// Width and height in pixels, and one component or three.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) components: Vec<Component>,
}

/// Luma or one of the chromas.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) id: u8,
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

/// What a file says of its colours, besides the numbers of its components.
#[derive(Debug, Default)]
pub(crate) struct Colours {
    is_jfif: bool,
    adobe_transform: Option<u8>,
}

/// ITU-T T.81: no MCU of an interleaved scan has more blocks.
pub(crate) const MCU_BLOCKS_MAX: usize = 10;

impl Frame {
    /// Reads the content of a frame's segment.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Unsupported> {
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
}

impl Colours {
    /// Notes what a segment for applications says of colours, if it does.
    pub(crate) fn take(&mut self, segment: &Segment<'_>) {
        match (segment.marker, segment.payload) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.is_jfif = true,
            (0xee, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) => {
                self.adobe_transform = rest.get(6).copied().or(self.adobe_transform);
            }
            _ => {}
        }
    }

    /// Three components are luma and chroma when JFIF or Adobe says so, or when they are numbered as JFIF would.
    pub(crate) fn check(&self, components: &[Component]) -> Result<(), Unsupported> {
        let [first, second, third] = components else {
            return Ok(());
        };
        let is_numbered = (first.id, second.id, third.id) == (1, 2, 3);
        let is_certain = match self.adobe_transform {
            Some(transform) => transform == 1,
            None => self.is_jfif || is_numbered,
        };
        is_certain.then_some(()).ok_or(Unsupported::Colours)
    }
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

    pub(crate) fn find_quantisation(&mut self, tables: &Tables) -> Result<(), Unsupported> {
        let quantisation = tables.quantisation(self.quantisation_index);
        self.quantisation = quantisation.ok_or(Unsupported::Tables)?;
        Ok(())
    }
}
