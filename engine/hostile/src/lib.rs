//! Files that mean harm, made by hand, and sound ones to damage.
//!
//! Nothing is kept as a file: each says in code what is wrong with it, and is the same every time. Tests of the engine, the
//! table of `load hostile` and the seeds of the fuzzers are made of them.
//!
//! Read in this order:
//! 1. [`File`] and [`Fate`]: what a file is, and what must become of it.
//! 2. [`sound`]: one small picture of every format and kind.
//! 3. [`bombs`]: by format, [`jpeg`], [`png`], [`gif`], [`webp`], [`tiff`] and [`boxes`]; [`metadata`]: blocks that several
//!    formats carry; [`strangers`]: what is no picture.
//! 4. [`damaged`]: sound pictures with some bytes changed.

mod boxes;
mod damage;
mod gif;
mod jpeg;
mod metadata;
mod png;
mod sound;
mod strangers;
mod tiff;
mod webp;
mod zlib;

pub use damage::damaged;
pub use sound::sound;

/// Something to upload.
#[derive(Clone, Debug)]
pub struct File {
    /// What is wrong with it, in a few words.
    pub name: String,
    /// Its format, or what it pretends to be.
    pub kind: &'static str,
    /// What must become of it.
    pub fate: Fate,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What must become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Refused by its header, with this word.
    Refused(&'static str),
    /// Refused by its header with this word, and with what was measured and what is allowed.
    OverLimit(&'static str),
    /// Nothing is wrong with its header; its pixels cannot be read.
    Broken,
    /// It is a picture for all its oddities.
    Rendered,
    /// A picture or a reason, within the limits: nobody knows beforehand.
    Either,
}

impl File {
    fn new(
        kind: &'static str,
        name: impl Into<String>,
        fate: Fate,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            fate,
            bytes: bytes.into(),
        }
    }
}

/// Every file that was made to do harm.
pub fn bombs() -> Vec<File> {
    [
        jpeg::bombs(),
        png::bombs(),
        gif::bombs(),
        webp::bombs(),
        tiff::bombs(),
        boxes::bombs(),
        strangers::all(),
    ]
    .concat()
}
