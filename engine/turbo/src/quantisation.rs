//! How much of a picture is kept.

#![forbid(unsafe_code)]

use crate::ffi::RawTables;

/// Which tables a picture is quantised by.
#[derive(Clone, Copy, Debug)]
pub enum Quantisation<'t> {
    /// Those of this quality, 1 to 100, on libjpeg's scale.
    Quality(u8),
    /// Those of another file: what was lost to them already is not lost again.
    Tables(&'t Tables),
}

/// The tables of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables(pub(crate) RawTables);

impl Quantisation<'_> {
    /// What libjpeg sets up before it is given tables.
    pub(crate) const fn quality(&self) -> u8 {
        match self {
            Self::Quality(quality) => *quality,
            Self::Tables(_) => 100,
        }
    }

    pub(crate) const fn tables(&self) -> Option<&RawTables> {
        match self {
            Self::Quality(_) => None,
            Self::Tables(tables) => Some(&tables.0),
        }
    }
}
