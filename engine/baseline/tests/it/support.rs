//! Pictures made here, encoders, and what libjpeg-turbo makes of their files.

use baseline::{Region, Splice, Target, Unspliced};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use planes::{Chroma, Plane, Planes, Subsampling};
use proptest::{prelude::*, sample::Index};
use turbo::{Colors, Decoder, Limits, Options, Quantisation, Scale, encode_planes};

pub(crate) const SAMPLINGS: [Subsampling; 6] = [
    subsampling(1, 1),
    subsampling(2, 1),
    subsampling(2, 2),
    subsampling(1, 2),
    subsampling(4, 1),
    subsampling(4, 2),
];

pub(crate) const fn subsampling(across: usize, down: usize) -> Subsampling {
    Subsampling { across, down }
}

/// With as much chroma as most pictures have.
pub(crate) const fn target((width, height): (usize, usize)) -> Target {
    Target {
        width,
        height,
        chroma: Subsampling::BOTH_HALVED,
        mirrored: (false, false),
    }
}

/// `file` with what `draw` draws in `region`, telling nothing of itself.
pub(crate) fn splice(
    file: &[u8],
    region: Region,
    draw: &mut dyn FnMut(&mut Planes, (usize, usize)),
) -> Result<Vec<u8>, Unspliced> {
    let mut sheet = Splice::of(file)?.surveyed(region)?;
    sheet.draw(draw);
    sheet.written(&[])
}

/// What to make a file of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) quality: u8,
    pub(crate) subsampling: Subsampling,
    /// In MCUs; zero is none. Only the encoder in Rust writes them.
    pub(crate) restart_interval: u16,
    pub(crate) optimized: bool,
    pub(crate) progressive: bool,
    pub(crate) gray: bool,
}

impl Source {
    pub(crate) const fn new(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            quality: 85,
            subsampling: subsampling(2, 2),
            restart_interval: 0,
            optimized: false,
            progressive: false,
            gray: false,
        }
    }

    /// A small picture in colour, with restart markers, and in grey.
    pub(crate) const fn kinds() -> [Self; 3] {
        let source = Self::new(123, 77);
        let with_restarts = Self {
            restart_interval: 3,
            ..source
        };
        let gray = Self {
            gray: true,
            ..source
        };
        [source, with_restarts, gray]
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width.into(), self.height.into())
    }

    /// By libjpeg-turbo; by an encoder in Rust when it has restart markers.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        if self.restart_interval > 0 {
            let (width, height) = self.size();
            return self.encoded_in_rust(&photo(width, height));
        }
        self.encoded_from(&self.planes())
    }

    /// By libjpeg-turbo.
    pub(crate) fn encoded_from(&self, planes: &Planes) -> Vec<u8> {
        let options = Options {
            quantisation: Quantisation::Quality(self.quality),
            progressive: self.progressive,
            optimized: self.optimized,
            profile: None,
            app1: &[],
        };
        encode_planes(planes, &options).unwrap()
    }

    pub(crate) fn planes(&self) -> Planes {
        let (width, height) = self.size();
        let plane = |channel, (width, height): (usize, usize)| {
            let rgb = photo(width, height);
            let samples = rgb.iter().skip(channel).step_by(3).copied().collect();
            Plane::new(width, height, samples)
        };
        let luma = plane(1, (width, height));
        if self.gray {
            return Planes::gray(luma);
        }
        let chroma = self.subsampling.of(width, height);
        Planes::new(
            luma,
            Chroma {
                subsampling: self.subsampling,
                blue: plane(0, chroma),
                red: plane(2, chroma),
            },
        )
    }

    fn encoded_in_rust(&self, rgb: &[u8]) -> Vec<u8> {
        let Subsampling { across, down } = self.subsampling;
        let factors = SamplingFactor::from_factors(across as u8, down as u8);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.quality);
        encoder.set_sampling_factor(factors.unwrap());
        encoder.set_restart_interval(self.restart_interval);
        encoder.set_progressive(self.progressive);
        encoder
            .encode(rgb, self.width, self.height, ColorType::Rgb)
            .unwrap();
        file
    }
}

/// A slope, waves, hard edges and grain: every coefficient gets something to do.
pub(crate) fn photo(width: usize, height: usize) -> Vec<u8> {
    let pixel = |index: usize| {
        let (x, y) = (index % width, index / width);
        let (u, v) = (x as f32 / 40.0, y as f32 / 30.0);
        let wave = 50.0 * (u * 1.7).sin() * v.cos();
        let edge = if (x / 13 + y / 17) % 5 == 0 {
            60.0
        } else {
            0.0
        };
        let grain = ((x * 7919) ^ (y * 104_729)) % 17;
        [
            100.0 + 40.0 * u.sin() + wave,
            90.0 + edge,
            150.0 - wave + edge,
        ]
        .map(|colour| colour.clamp(0.0, 238.0) as u8 + grain as u8)
    };
    (0..width * height).flat_map(pixel).collect()
}

/// The whole picture at its own size, by libjpeg-turbo.
pub(crate) fn oracle(file: &[u8], source: &Source) -> Planes {
    let decoder = Decoder::open(file).unwrap();
    assert!(matches!(
        decoder.header().colors,
        Colors::Gray | Colors::LumaChroma
    ));
    let limits = Limits {
        scans_max: 100,
        memory_bytes_max: 1 << 30,
    };
    let components = decoder.components(Scale::Full, limits).unwrap();
    let mut planes = components.into_iter().map(|component| component.plane);
    let luma = planes.next().unwrap();
    let (Some(blue), Some(red)) = (planes.next(), planes.next()) else {
        return Planes::gray(luma);
    };
    Planes::new(
        luma,
        Chroma {
            subsampling: source.subsampling,
            blue,
            red,
        },
    )
}

/// A progressive file.
pub(crate) fn progressive_file() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 80);
    encoder.set_progressive(true);
    encoder
        .encode(&photo(64, 48), 64, 48, ColorType::Rgb)
        .unwrap();
    file
}

/// One of `files` with some bytes changed, wherever they are.
pub(crate) fn with_changed_bytes(files: &'static [Vec<u8>]) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 1..9);
    (prop::sample::select(files), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// One of `files` with some bytes changed where its headers are.
pub(crate) fn with_changed_headers(files: &'static [Vec<u8>]) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0..700_usize, any::<u8>()), 1..4);
    (prop::sample::select(files), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte) in changes {
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
        }
        bytes
    })
}
