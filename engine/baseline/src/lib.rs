//! JPEG to scaled planes, in a few megabytes where the file allows it: the part of the engine that is worth a decoder of its
//! own.
//!
//! A photo of twelve megapixels that becomes one of two needs no picture of twelve in between. Rows of blocks are decoded,
//! transformed at the size that is just large enough, scaled, and forgotten: memory stays at a few megabytes whatever the
//! picture's size, and in the cache.
//!
//! Only what nearly every camera, phone and encoder writes is known here. Anything else is [`Unsupported`], and the caller
//! takes a decoder that knows everything; a cut or damaged file is [`Broken`], never a picture that ends in grey.
//!
//! Read in this order:
//! 1. [`plan`] and [`Plan::decode`]: the way in, and the way through.
//! 2. [`header`], [`frame`], [`tables`] and [`huffman`]: what the file says of itself, and the tables made of it.
//! 3. [`channel`] and [`decode`]: how large components come out, and rows of blocks to rows of the result.
//! 4. [`scan`], [`entropy`], [`bits`] and [`coefficients`]: bytes to coefficients; [`skim`] passes over them.
//! 5. [`dct`]: coefficients to samples.
//! 6. [`scale`]: rows of samples to rows of the result.
//! 7. [`progressive`]: pictures that come in many scans, whose coefficients are kept until the last.
//! 8. [`cpu`]: which of the kernels are taken for all that.
//!
//! [`Splice`] is another way through, for a picture that stays at its size: a mark is drawn, the rest is copied.

mod bits;
mod channel;
mod coefficients;
mod cpu;
mod dct;
mod decode;
mod entropy;
mod frame;
mod header;
mod huffman;
mod progressive;
mod scale;
mod scan;
mod skim;
mod splice;
mod tables;

use planes::{Planes, Subsampling};

use channel::Channel;
use cpu::Kernels;
use frame::Frame;
use header::Header;
pub use splice::{Region, Sheet, Splice, Unspliced, tightened};

/// Why a file is left to another decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    #[error("the header is no JPEG's, or not a whole one")]
    Header,
    #[error("frame marker {marker:#04x} is that of a process which is not read here")]
    Process { marker: u8 },
    #[error("{bits} bits a sample, not 8")]
    Precision { bits: u8 },
    #[error("{count} components, not 1 or 3")]
    Components { count: u8 },
    #[error("the sampling factors are unusual")]
    Sampling,
    #[error("the components are not certain to be luma and chroma")]
    Colours,
    #[error("a table is missing, or holds what baseline JPEG has not")]
    Tables,
    #[error("no Huffman table of the file has a code for symbol {symbol:#04x}")]
    Symbol { symbol: u8 },
    #[error("the components are spread over several scans, or not in order")]
    Scans,
    #[error("the scans do not add up to a whole picture")]
    Progression,
    #[error("more than {max} scans")]
    TooManyScans { max: usize },
    #[error("scaling would take {bytes} bytes, the limit is {bytes_max}")]
    Memory { bytes: u64, bytes_max: u64 },
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("the picture's data end before the picture does")]
    Cut,
    #[error("the picture's data hold a code that no table has")]
    Code,
    #[error("a scan's table is contradictory, or holds what such a scan has not")]
    Table,
    #[error("a block of the picture has more than 64 coefficients")]
    Run,
    #[error("data are left over where a part of the picture ends")]
    LeftOver,
    #[error("marker {found:#04x} follows a part of the picture, not {expected:#04x}")]
    Marker { found: u8, expected: u8 },
}

/// What to make of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub width: usize,
    pub height: usize,
    /// How much chroma is wanted, if the picture has any.
    pub chroma: Subsampling,
    /// Whether rows and columns will be read backwards. The last chroma sample of an odd side hangs over the edge that is
    /// the last one then.
    pub mirrored: (bool, bool),
}

/// A file that is understood, and what to make of it.
#[derive(Debug)]
pub struct Plan<'a> {
    stream: Stream<'a>,
    channels: Vec<Channel>,
    chroma: Subsampling,
}

/// How the picture comes.
#[derive(Debug)]
enum Stream<'a> {
    Sequential(Box<Header<'a>>),
    Progressive(progressive::Header<'a>),
}

/// More than any picture of a usual shape needs; what is not usual can take the way that needs more.
const SCALING_BYTES_MAX: u64 = 12 << 20;

/// Reads the header of `source`, for planes of exactly the target's size.
///
/// # Errors
/// When the file is not known for certain to be a baseline or progressive JPEG of luma and chroma, with nothing missing.
///
/// # Panics
/// When a side of the target or a factor of its chroma is zero.
pub fn plan<'a>(source: &'a [u8], target: &Target) -> Result<Plan<'a>, Unsupported> {
    target.check();
    let stream = Stream::read(source)?;
    let channels = channel::channels(stream.frame(), target);
    let plan = Plan {
        stream,
        channels,
        chroma: target.chroma,
    };
    plan.check_memory()?;
    Ok(plan)
}

impl<'a> Stream<'a> {
    fn read(source: &'a [u8]) -> Result<Self, Unsupported> {
        match header::read(source) {
            Err(Unsupported::Process { marker: 0xc2 }) => {
                Ok(Self::Progressive(progressive::read(source)?))
            }
            read => Ok(Self::Sequential(Box::new(read?))),
        }
    }

    fn frame(&self) -> &Frame {
        match self {
            Self::Sequential(header) => &header.frame,
            Self::Progressive(header) => &header.frame,
        }
    }
}

impl Target {
    fn check(&self) {
        assert!(self.width > 0 && self.height > 0, "a picture has pixels");
        let chroma = self.chroma;
        assert!(chroma.across > 0 && chroma.down > 0, "chroma has samples");
    }
}

impl Plan<'_> {
    /// Width and height of the source.
    pub fn source_size(&self) -> (usize, usize) {
        let frame = self.stream.frame();
        (frame.width, frame.height)
    }

    /// What [`Plan::decode`] holds at its height besides the file and the planes it returns.
    pub fn working_bytes(&self) -> u64 {
        let kept = match &self.stream {
            Stream::Sequential(_) => 0,
            Stream::Progressive(header) => progressive::working_bytes(header, &self.channels),
        };
        kept + self.scaling_bytes()
    }

    /// The picture at the size that was asked for; grey when the file is.
    ///
    /// # Errors
    /// When the data are damaged or do not end where the picture does.
    pub fn decode(&self) -> Result<Planes, Broken> {
        self.decode_with(Kernels::detect())
    }

    fn decode_with(&self, kernels: Kernels) -> Result<Planes, Broken> {
        let (channels, chroma) = (&self.channels, self.chroma);
        match &self.stream {
            Stream::Sequential(header) => decode::decode(kernels, header, channels, chroma),
            Stream::Progressive(header) => progressive::decode(kernels, header, channels, chroma),
        }
    }

    fn scaling_bytes(&self) -> u64 {
        let channels = self.channels.iter().map(Channel::working_bytes);
        decode::FIXED_BYTES + channels.sum::<u64>()
    }

    fn check_memory(&self) -> Result<(), Unsupported> {
        let (bytes, bytes_max) = (self.scaling_bytes(), SCALING_BYTES_MAX);
        if bytes > bytes_max {
            return Err(Unsupported::Memory { bytes, bytes_max });
        }
        Ok(())
    }
}
