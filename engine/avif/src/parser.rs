//! Small reads of a box's content that end where it ends.

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub(crate) &'static str);

/// A box without its header.
#[derive(Clone, Copy)]
pub(crate) struct Boxed<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) content: &'a [u8],
}

pub(crate) struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    pub(crate) const fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Unreadable> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Unreadable> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Unreadable> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.rest = self.rest.get(bytes..).ok_or(CUT)?;
        Ok(())
    }

    /// The version of a box that has one, without its flags.
    pub(crate) fn version(&mut self) -> Result<u8, Unreadable> {
        self.array().map(|[version, ..]: [u8; 4]| version)
    }

    /// An item's number, in two bytes or four.
    pub(crate) fn id(&mut self, wide: bool) -> Result<u32, Unreadable> {
        if wide {
            self.u32()
        } else {
            self.u16().map(u32::from)
        }
    }

    /// A number of so many bytes: 0, 4 or 8.
    pub(crate) fn number(&mut self, bytes: u8) -> Result<u64, Unreadable> {
        match bytes {
            0 => Ok(0),
            4 => self.u32().map(u64::from),
            8 => self.array().map(u64::from_be_bytes),
            _ => Err(Unreadable("a number in it has an odd length")),
        }
    }

    /// The boxes of what is left.
    pub(crate) fn boxes(mut self) -> Result<Vec<Boxed<'a>>, Unreadable> {
        let mut boxes = Vec::new();
        while !self.rest.is_empty() {
            let (length, name) = (self.u32()?, self.array()?);
            let length = (length as usize).checked_sub(8).ok_or(CUT)?;
            let (content, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
            self.rest = rest;
            boxes.push(Boxed { name, content });
        }
        Ok(boxes)
    }
}

const CUT: Unreadable = Unreadable("its header is cut short");
