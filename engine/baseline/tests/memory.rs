//! What decoding takes of memory: as much as it says, and little.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, but not the functions they share"
)]

use baseline::{Region, Splice, Target, plan};
use peak_alloc::PeakAlloc;
use planes::{Chroma, Plane, Planes, Subsampling};
use turbo::{Options, Quantisation, encode_planes};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What `work` came to, and the most that it held besides what was held before.
fn most_held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let result = work();
    (result, HEAP.peak_usage() - before)
}

fn file_of((width, height): (usize, usize), progressive: bool) -> Vec<u8> {
    let plane = |width, height| Plane::new(width, height, vec![90; width * height]);
    let subsampling = Subsampling::BOTH_HALVED;
    let (chroma_width, chroma_height) = subsampling.of(width, height);
    let picture = Planes::new(
        plane(width, height),
        Chroma {
            subsampling,
            blue: plane(chroma_width, chroma_height),
            red: plane(chroma_width, chroma_height),
        },
    );
    let options = Options {
        quantisation: Quantisation::Quality(50),
        progressive,
        optimized: true,
        profile: None,
        app1: &[],
    };
    encode_planes(&picture, &options).expect("memory takes every byte")
}

/// How much more is held while `file` becomes a picture of this size, and how much was to be expected.
fn held_and_planned(file: &[u8], (width, height): (usize, usize)) -> (usize, usize) {
    let target = Target {
        width,
        height,
        chroma: Subsampling::BOTH_HALVED,
        mirrored: (false, false),
    };
    let ((planned, planes), most) = most_held(|| {
        let plan = plan(file, &target).expect("the file is a good one");
        (
            plan.working_bytes() as usize,
            plan.decode().expect("all of it"),
        )
    });
    assert_eq!(planes.width(), width);
    let result = width * height * 3 / 2 + width + height;
    (most - result, planned)
}

/// One test, because everything that allocates in this process counts.
#[test]
fn decoding_and_splicing_take_as_much_as_they_say_and_little() {
    a_hundred_megapixels_take_a_few_megabytes();
    a_progressive_picture_takes_what_was_planned();
    a_mark_takes_what_it_covers();
}

fn a_mark_takes_what_it_covers() {
    for (size, share, bytes_max) in [
        ((11_600, 8_600), 50, 8 << 20),
        ((2_000, 1_500), 1, 20 << 20),
    ] {
        let file = file_of(size, false);
        let (width, height) = (size.0 / share, size.1 / share);
        let region = Region {
            x: size.0 - width,
            y: size.1 - height,
            width,
            height,
        };
        let invert = &mut |planes: &mut Planes, _| {
            let samples = planes.luma_mut().samples_mut().iter_mut();
            samples.for_each(|sample| *sample = !*sample);
        };
        let (planned, most) = most_held(|| {
            let splice = Splice::of(&file).unwrap();
            let planned = splice.working_bytes(region) as usize;
            let mut sheet = splice.surveyed(region).unwrap();
            sheet.draw(invert);
            sheet.written(&[]).unwrap();
            planned
        });
        assert!(most <= planned, "{most} of {planned} bytes, {size:?}");
        assert!(planned < bytes_max, "{planned} bytes, {size:?}");
    }
}

fn a_hundred_megapixels_take_a_few_megabytes() {
    for (source, target) in [
        ((11_600, 8_600), (1_456, 1_080)),
        ((16_384, 6_100), (1_920, 715)),
        ((2_500, 40_000), (68, 1_080)),
        ((2_000, 1_500), (1_440, 1_080)),
        ((2_000, 1_500), (2_000, 1_500)),
    ] {
        let (held, planned) = held_and_planned(&file_of(source, false), target);
        assert!(held <= planned, "{held} of {planned} bytes, {source:?}");
        assert!(planned < 8 << 20, "{planned} bytes, {source:?}");
    }
}

fn a_progressive_picture_takes_what_was_planned() {
    for target in [(2_000, 1_500), (1_440, 1_080), (500, 375), (20, 15)] {
        let (held, planned) = held_and_planned(&file_of((2_000, 1_500), true), target);
        assert!(held <= planned, "{held} of {planned} bytes, {target:?}");
    }
}
