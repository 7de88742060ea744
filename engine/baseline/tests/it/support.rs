//! Pictures made here, encoders, and what libjpeg-turbo makes of their files.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use planes::{Chroma, Plane, Planes, Subsampling};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

pub(crate) const SAMPLINGS: [Subsampling; 5] = [
    subsampling(1, 1),
    subsampling(2, 1),
    subsampling(2, 2),
    subsampling(1, 2),
    subsampling(4, 1),
];

pub(crate) const fn subsampling(across: usize, down: usize) -> Subsampling {
    Subsampling { across, down }
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
    pub(crate) optimised: bool,
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
            optimised: false,
            gray: false,
        }
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width.into(), self.height.into())
    }

    /// By libjpeg-turbo; by an encoder in Rust when it has restart markers.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let (width, height) = self.size();
        let rgb = photo(width, height);
        if self.restart_interval > 0 {
            self.encoded_in_rust(&rgb)
        } else if self.gray {
            let gray: Vec<u8> = rgb.chunks_exact(3).map(|pixel| pixel[1]).collect();
            self.encoded_gray(&gray)
        } else {
            self.encoded_by_turbo(&rgb, PixelFormat::RGB, self.turbo_subsampling())
        }
    }

    pub(crate) fn encoded_gray(&self, pixels: &[u8]) -> Vec<u8> {
        self.encoded_by_turbo(pixels, PixelFormat::GRAY, Subsamp::Gray)
    }

    fn encoded_by_turbo(
        &self,
        pixels: &[u8],
        format: PixelFormat,
        subsampling: Subsamp,
    ) -> Vec<u8> {
        let (width, height) = self.size();
        let image = Image {
            pixels,
            width,
            pitch: width * format.size(),
            height,
            format,
        };
        let mut compressor = Compressor::new().unwrap();
        compressor.set_quality(self.quality.into()).unwrap();
        compressor.set_subsamp(subsampling).unwrap();
        compressor.set_optimize(self.optimised).unwrap();
        compressor.compress_to_vec(image).unwrap()
    }

    fn turbo_subsampling(&self) -> Subsamp {
        match (self.subsampling.across, self.subsampling.down) {
            (1, 1) => Subsamp::None,
            (2, 1) => Subsamp::Sub2x1,
            (2, 2) => Subsamp::Sub2x2,
            (1, 2) => Subsamp::Sub1x2,
            (4, 1) => Subsamp::Sub4x1,
            other => panic!("{other:?} is not among the samplings"),
        }
    }

    fn encoded_in_rust(&self, rgb: &[u8]) -> Vec<u8> {
        let Subsampling { across, down } = self.subsampling;
        let factors = SamplingFactor::from_factors(across as u8, down as u8);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.quality);
        encoder.set_sampling_factor(factors.unwrap());
        encoder.set_restart_interval(self.restart_interval);
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
    let subsampling = source.subsampling;
    let image = turbojpeg::decompress_to_yuv(file).unwrap();
    let (width, height) = (image.width, image.height);
    let mut rest = image.pixels.as_slice();
    let mut plane = |(width, height), (stored_width, stored_height): (usize, usize)| {
        let stride = stored_width.next_multiple_of(image.align);
        let (stored, after) = rest.split_at(stride * stored_height);
        rest = after;
        let rows = stored.chunks_exact(stride).take(height);
        let samples = rows.flat_map(|row: &[u8]| row[..width].to_vec()).collect();
        Plane::new(width, height, samples)
    };
    if source.gray {
        return Planes::gray(plane((width, height), (width, height)));
    }
    let (across, down) = (subsampling.across, subsampling.down);
    let padded = (
        width.next_multiple_of(across),
        height.next_multiple_of(down),
    );
    let luma = plane((width, height), padded);
    let chroma = subsampling.of(width, height);
    let (blue, red) = (plane(chroma, chroma), plane(chroma, chroma));
    Planes::new(
        luma,
        Chroma {
            subsampling,
            blue,
            red,
        },
    )
}
