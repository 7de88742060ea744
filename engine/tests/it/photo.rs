//! JPEGs of every kind, and what libjpeg-turbo makes of them.

use image::RgbImage;
use img_parts::jpeg::{Jpeg, JpegSegment};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use planes::{Chroma, Plane, Planes, Subsampling};
use turbo::{Decoder, Options, Quantisation, Scale, encode_planes};

use crate::support::landscape;

pub(crate) const fn sampling(across: usize, down: usize) -> Subsampling {
    Subsampling { across, down }
}

pub(crate) struct Photo {
    pub(crate) picture: RgbImage,
    pub(crate) quality: u8,
    pub(crate) sampling: Subsampling,
    pub(crate) is_gray: bool,
    /// With no more codes than the picture needs.
    pub(crate) is_optimized: bool,
}

impl Photo {
    pub(crate) fn of(width: u32, height: u32) -> Self {
        Self {
            picture: landscape(width, height),
            quality: 80,
            sampling: sampling(2, 2),
            is_gray: false,
            is_optimized: false,
        }
    }

    pub(crate) fn jpeg(&self) -> Vec<u8> {
        let options = Options {
            quantisation: Quantisation::Quality(self.quality),
            progressive: false,
            optimized: self.is_optimized,
            profile: None,
            app1: &[],
        };
        encode_planes(&self.planes(), &options).unwrap()
    }

    fn planes(&self) -> Planes {
        let luma = self.plane(sampling(1, 1), [77, 150, 29], 0);
        if self.is_gray {
            return Planes::gray(luma);
        }
        let chroma = Chroma {
            subsampling: self.sampling,
            blue: self.plane(self.sampling, [-43, -85, 128], 128),
            red: self.plane(self.sampling, [128, -107, -21], 128),
        };
        Planes::new(luma, chroma)
    }

    /// Of the pixels that share a sample, the first has its way.
    fn plane(&self, sampling: Subsampling, weights: [i32; 3], zero: i32) -> Plane {
        let size = (
            self.picture.width() as usize,
            self.picture.height() as usize,
        );
        let (width, height) = sampling.of(size.0, size.1);
        let sample = |at: usize| {
            let (x, y) = (at % width * sampling.across, at / width * sampling.down);
            let channels = self.picture.get_pixel(x as u32, y as u32).0;
            let weighed = channels.into_iter().zip(weights);
            let sum: i32 = weighed.map(|(c, weight)| i32::from(c) * weight).sum();
            (zero + sum / 256).clamp(0, 255) as u8
        };
        Plane::new(width, height, (0..width * height).map(sample).collect())
    }

    /// With a segment that the result will not have: room for a mark where a result may not be larger.
    pub(crate) fn with_a_long_comment(&self) -> Vec<u8> {
        let mut jpeg = Jpeg::from_bytes(self.jpeg().into()).unwrap();
        let comment = JpegSegment::new_with_contents(0xfe, vec![b'x'; 20_000].into());
        jpeg.segments_mut().insert(1, comment);
        jpeg.encoder().bytes().to_vec()
    }
}

/// By an encoder that has more to choose from.
pub(crate) fn encoded_with(
    change: &dyn Fn(&mut Encoder<&mut Vec<u8>>),
    color: ColorType,
    pixels: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    change(&mut encoder);
    encoder.encode(pixels, 300, 200, color).unwrap();
    bytes
}

/// What libjpeg-turbo makes of a file's components.
pub(crate) fn components(file: &[u8]) -> Vec<Plane> {
    let limits = turbo::Limits {
        scans_max: 100,
        memory_bytes_max: 1 << 30,
    };
    let components = Decoder::open(file).unwrap().components(Scale::Full, limits);
    let components = components.unwrap().into_iter();
    components.map(|component| component.plane).collect()
}
