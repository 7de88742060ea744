//! Against libjpeg-turbo and `fast_image_resize` on the same work: `cargo bench -p baseline`, with files to try behind `--`.
//!
//! Processor time of this thread, in turns, so that a slow moment of the machine meets both. Only the ratios are worth
//! quoting; the pictures are made here, so those of different machines can be compared.

#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{env, fs, hint::black_box, time::Duration};

use baseline::{Region, Splice, Target, plan};
use lanczos::{Channels, Frame};
use planes::{Chroma, Plane, Planes, Subsampling};
use rustix::time::{ClockId, clock_gettime};
use turbo::{Component, Decoder, Limits, Options, Quantisation, Scale, encode_planes};

const ROUNDS: usize = 15;

const BOX: (usize, usize) = (1920, 1080);

const OPTIONS: Options<'static> = Options {
    quantisation: Quantisation::Quality(90),
    progressive: false,
    optimized: false,
    profile: None,
    app1: &[],
};

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
        let made = [
            ("2 MP", (1920, 1080), false),
            ("2 MP, tables of its own", (1920, 1080), true),
            ("12 MP", (4000, 3000), false),
            ("24 MP", (6000, 4000), false),
        ];
        made.map(|(name, size, optimized)| Job::new(name.to_owned(), encoded(size, optimized)))
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
        let header = Decoder::open(&file)
            .expect("the picture is a good one")
            .header();
        let source = (header.width as usize, header.height as usize);
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
        if let Err(refused) = plan(&self.file, &target(self.target)) {
            println!("{}: {refused}", self.name);
            return;
        }
        println!("{}, {} KB", self.name, self.file.len() / 1000);
        let eighth = (self.source.0.div_ceil(8), self.source.1.div_ceil(8));
        self.compare(
            "entropy decoding: to an eighth",
            || self.ours(eighth),
            || self.theirs(Scale::Eighth),
        );
        self.compare(
            "and the transform: to its own size",
            || self.ours(self.source),
            || self.theirs(Scale::Full),
        );
        self.compare(
            "the whole, scaled into 1920×1080",
            || self.ours(self.target),
            || self.theirs_scaled(),
        );
        self.compare(
            "the whole, against their half-size decoding alone",
            || self.ours(self.target),
            || self.theirs(Scale::Half),
        );
        self.compare(
            "a mark in a corner, nothing else changed",
            || self.ours_marked(),
            || self.theirs_marked(),
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

    fn ours(&self, size: (usize, usize)) -> Planes {
        plan(&self.file, &target(size))
            .expect("it has been planned before")
            .decode()
            .expect("the picture is a good one")
    }

    fn ours_marked(&self) -> Vec<u8> {
        let (width, height) = (self.source.0 / 5, self.source.1 / 20);
        let corner = Region {
            x: self.source.0 - width,
            y: self.source.1 - height,
            width,
            height,
        };
        let splice = Splice::of(&self.file).expect("it has been planned before");
        let mut sheet = splice.surveyed(corner).expect("the picture is a good one");
        sheet.draw(&mut |planes, _| {
            planes.luma_mut().samples_mut().iter_mut().for_each(lighten);
        });
        sheet
            .written(&[])
            .expect("there are codes for a little light")
    }

    /// All of it decoded and encoded; with the same tables, if the file is one of those made here.
    fn theirs_marked(&self) -> Vec<u8> {
        let mut components = self.theirs(Scale::Full).into_iter();
        let mut next = || components.next().map(|component| component.plane);
        let mut luma = next().expect("a picture has luma");
        let corner = luma.samples().len() * 19 / 20;
        luma.samples_mut()[corner..].iter_mut().for_each(lighten);
        let planes = match (next(), next()) {
            (Some(blue), Some(red)) => {
                let subsampling = Subsampling {
                    across: luma.width().div_ceil(blue.width()),
                    down: luma.height().div_ceil(blue.height()),
                };
                let chroma = Chroma {
                    subsampling,
                    blue,
                    red,
                };
                Planes::new(luma, chroma)
            }
            _ => Planes::gray(luma),
        };
        encode_planes(&planes, &OPTIONS).expect("memory takes every byte")
    }

    fn theirs(&self, scale: Scale) -> Vec<Component> {
        let limits = Limits {
            scans_max: 1,
            memory_bytes_max: 1 << 30,
        };
        let decoder = Decoder::open(&self.file).expect("the picture is a good one");
        let components = decoder.components(scale, limits);
        components.expect("the picture is a good one")
    }

    /// Half the size where ours takes half the size, then Lanczos3 for each plane.
    fn theirs_scaled(&self) -> Vec<Vec<u8>> {
        let is_half = self.source.0 as f64 / self.target.0 as f64 >= 2.5;
        let scale = if is_half { Scale::Half } else { Scale::Full };
        let narrow = |(width, height)| (width as u32, height as u32);
        let half = (self.target.0.div_ceil(2), self.target.1.div_ceil(2));
        let targets = [self.target, half, half].map(narrow);
        let scaled = |(component, target): (Component, _)| {
            let plane = component.plane;
            let from = narrow((plane.width(), plane.height()));
            let frame = Frame {
                width: component.extent.0,
                height: component.extent.1,
                ..Frame::whole(from)
            };
            lanczos::resize(plane.into_samples(), Channels::Gray, from, frame, target)
        };
        self.theirs(scale)
            .into_iter()
            .zip(targets)
            .map(scaled)
            .collect()
    }
}

fn lighten(sample: &mut u8) {
    *sample = 255 - (255 - *sample) / 2;
}

fn target((width, height): (usize, usize)) -> Target {
    Target {
        width,
        height,
        chroma: Subsampling::BOTH_HALVED,
        mirrored: (false, false),
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

fn encoded((width, height): (usize, usize), optimized: bool) -> Vec<u8> {
    let subsampling = Subsampling::BOTH_HALVED;
    let (chroma_width, chroma_height) = subsampling.of(width, height);
    let chroma = |phase| plane(chroma_width, chroma_height, |x, y| hue(x, y, phase));
    let picture = Planes::new(
        plane(width, height, light),
        Chroma {
            subsampling,
            blue: chroma(0.0),
            red: chroma(1.0),
        },
    );
    let options = Options {
        optimized,
        ..OPTIONS
    };
    encode_planes(&picture, &options).expect("memory takes every byte")
}

fn plane(width: usize, height: usize, sample: impl Fn(usize, usize) -> u8) -> Plane {
    let samples = (0..width * height).map(|index| sample(index % width, index / width));
    Plane::new(width, height, samples.collect())
}

/// Slopes, waves, edges and a little grain: about as many bits a pixel as cameras write.
fn light(x: usize, y: usize) -> u8 {
    let (u, v) = (x as f32 / 100.0, y as f32 / 75.0);
    let wave = 40.0 * (u * 1.3).sin() * (v * 1.1).cos() + 12.0 * (u * 17.0 + v * 11.0).sin();
    let is_edge = (x / 61 + y / 83).is_multiple_of(7);
    let grain = ((x * 7919) ^ (y * 104_729)) % 9;
    (110.0 + wave + if is_edge { 50.0 } else { 0.0 }) as u8 + grain as u8
}

fn hue(x: usize, y: usize, phase: f32) -> u8 {
    (128.0 + 40.0 * (x as f32 / 90.0 + phase).sin() * (y as f32 / 70.0).cos()) as u8
}
