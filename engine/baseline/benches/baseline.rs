//! Against libjpeg-turbo and `fast_image_resize` on the same work: `cargo bench -p baseline`, with files to try behind `--`.
//!
//! Processor time of this thread, in turns, so that a slow moment of the machine meets both. Only the ratios are worth
//! quoting; the pictures are made here, so those of different machines can be compared.

#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{env, fs, hint::black_box, time::Duration};

use baseline::plan;
use lanczos::Channels;
use planes::{Planes, Subsampling};
use rustix::time::{ClockId, clock_gettime};
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage};

const ROUNDS: usize = 15;

const BOX: (usize, usize) = (1920, 1080);

struct Job {
    name: String,
    file: Vec<u8>,
    source: (usize, usize),
    target: (usize, usize),
}

fn main() {
    let paths: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let jobs: Vec<Job> = if paths.is_empty() {
        let made = [("12 MP", (4000, 3000)), ("24 MP", (6000, 4000))];
        made.map(|(name, size)| Job::new(name.to_owned(), encoded(size)))
            .into()
    } else {
        let read = |path: String| {
            let file = fs::read(&path).expect("the file can be read");
            Job::new(path, file)
        };
        paths.into_iter().map(read).collect()
    };
    for job in &jobs {
        job.measure();
    }
}

impl Job {
    fn new(name: String, file: Vec<u8>) -> Self {
        let header = turbojpeg::read_header(&file).expect("the picture is a good one");
        let source = (header.width, header.height);
        let scale = (BOX.0 as f64 / source.0 as f64).min(BOX.1 as f64 / source.1 as f64);
        let fitted = |side: usize| (side as f64 * scale.min(1.0)).round() as usize;
        Self {
            name,
            file,
            source,
            target: (fitted(source.0), fitted(source.1)),
        }
    }

    fn measure(&self) {
        if let Err(refused) = plan(&self.file, self.target, Subsampling::BOTH_HALVED) {
            println!("{}: {refused}", self.name);
            return;
        }
        println!("{}, {} KB", self.name, self.file.len() / 1000);
        let eighth = (self.source.0.div_ceil(8), self.source.1.div_ceil(8));
        self.compare(
            "entropy decoding: to an eighth",
            || self.ours(eighth),
            || self.theirs(ScalingFactor::ONE_EIGHTH),
        );
        self.compare(
            "and the transform: to its own size",
            || self.ours(self.source),
            || self.theirs(ScalingFactor::ONE),
        );
        self.compare(
            "the whole, scaled into 1920×1080",
            || self.ours(self.target),
            || self.theirs_scaled(),
        );
        self.compare(
            "the whole, against their half-size decoding alone",
            || self.ours(self.target),
            || self.theirs(ScalingFactor::ONE_HALF),
        );
    }

    fn compare<A, B>(&self, name: &str, ours: impl Fn() -> A, theirs: impl Fn() -> B) {
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            our_times.push(timed(&ours));
            their_times.push(timed(&theirs));
        }
        let (ours, theirs) = (median(our_times), median(their_times));
        println!(
            "  {name:<50} {ours:>7.2} ms, theirs {:.2} × ours",
            theirs / ours
        );
    }

    fn ours(&self, target: (usize, usize)) -> Planes {
        plan(&self.file, target, Subsampling::BOTH_HALVED)
            .expect("it has been planned before")
            .decode()
            .expect("the picture is a good one")
    }

    fn theirs(&self, scale: ScalingFactor) -> YuvImage<Vec<u8>> {
        let mut decompressor = Decompressor::new().expect("there is memory");
        let header = decompressor
            .read_header(&self.file)
            .expect("the picture is a good one");
        decompressor
            .set_scaling_factor(scale)
            .expect("it is a usual factor");
        let scaled = header.scaled(scale);
        let size = turbojpeg::yuv_pixels_len(scaled.width, 1, scaled.height, header.subsamp);
        let mut image = YuvImage {
            pixels: vec![0; size.expect("there is memory")],
            width: scaled.width,
            align: 1,
            height: scaled.height,
            subsamp: header.subsamp,
        };
        decompressor
            .decompress_to_yuv(&self.file, image.as_deref_mut())
            .expect("the picture is a good one");
        image
    }

    /// Half the size where ours takes half the size, then Lanczos3 for each plane.
    fn theirs_scaled(&self) -> Vec<Vec<u8>> {
        let is_half = self.source.0 as f64 / self.target.0 as f64 >= 2.5;
        let image = self.theirs(if is_half {
            ScalingFactor::ONE_HALF
        } else {
            ScalingFactor::ONE
        });
        let (across, down) = image.subsamp.mcu_size();
        let (across, down) = (across / 8, down / 8);
        let padded = (
            image.width.next_multiple_of(across),
            image.height.next_multiple_of(down),
        );
        let chroma = (padded.0 / across, padded.1 / down);
        let half = (self.target.0.div_ceil(2), self.target.1.div_ceil(2));
        let mut rest = image.pixels.as_slice();
        let mut scaled = |from: (usize, usize), to: (usize, usize)| {
            let (plane, after) = rest.split_at(from.0 * from.1);
            rest = after;
            let narrow = |(width, height)| (width as u32, height as u32);
            lanczos::resize(plane.to_vec(), Channels::Gray, narrow(from), narrow(to))
        };
        let luma = scaled(padded, self.target);
        if image.subsamp == Subsamp::Gray {
            return vec![luma];
        }
        vec![luma, scaled(chroma, half), scaled(chroma, half)]
    }
}

fn timed<T>(work: impl Fn() -> T) -> Duration {
    let begun = clock_gettime(ClockId::ThreadCPUTime);
    black_box(work());
    let ended = clock_gettime(ClockId::ThreadCPUTime);
    let taken = ended - begun;
    Duration::try_from(taken).expect("time goes forward")
}

fn median(mut taken: Vec<Duration>) -> f64 {
    taken.sort();
    taken[taken.len() / 2].as_secs_f64() * 1000.0
}

fn encoded((width, height): (usize, usize)) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|index| pixel(index % width, index / width))
        .collect();
    let image = Image {
        pixels: pixels.as_slice(),
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    let file = turbojpeg::compress(image, 90, Subsamp::Sub2x2);
    file.expect("memory takes every byte").to_vec()
}

/// Slopes, waves, edges and a little grain: about three bits a pixel, as cameras write.
fn pixel(x: usize, y: usize) -> [u8; 3] {
    let (u, v) = (x as f32 / 100.0, y as f32 / 75.0);
    let wave = 40.0 * (u * 1.3).sin() * (v * 1.1).cos() + 12.0 * (u * 17.0 + v * 11.0).sin();
    let edge = if (x / 61 + y / 83).is_multiple_of(7) {
        50.0
    } else {
        0.0
    };
    let grain = ((x * 7919) ^ (y * 104_729)) % 9;
    [120.0 + wave, 100.0 + edge + wave, 150.0 - 30.0 * v.sin()]
        .map(|colour| colour as u8 + grain as u8)
}
