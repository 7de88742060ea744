//! A scaled picture looks like a Lanczos3 of the whole one, from where its edges really are.

use std::f64::consts::PI;

use baseline::{Target, plan};
use planes::Plane;

use crate::support::{SAMPLINGS, Source, oracle, target};

/// `decibels`: how far below the range of samples the difference from the float picture must stay.
fn assert_close(source: Source, target: Target, decibels: f64) {
    let file = source.encoded();
    let ours = plan(&file, &target).unwrap().decode().unwrap();
    let whole = oracle(&file, &source);
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    let (across, down) = (width / target.width as f64, height / target.height as f64);
    let side = |step| Side { start: 0.0, step };
    assert_plane_is_close(
        ours.luma(),
        whole.luma(),
        (side(across), side(down)),
        decibels,
    );

    let (Some(ours), Some(whole)) = (ours.chroma(), whole.chroma()) else {
        assert!(source.gray);
        return;
    };
    let own = source.subsampling;
    let across = across * 2.0 / own.across as f64;
    let down = down * 2.0 / own.down as f64;
    let sides = (
        chroma_side(target.width, across, target.mirrored.0),
        chroma_side(target.height, down, target.mirrored.1),
    );
    assert_plane_is_close(&ours.blue, &whole.blue, sides, decibels);
    assert_plane_is_close(&ours.red, &whole.red, sides, decibels);
}

/// Where the first result begins in the source, and how far it is to the next.
#[derive(Clone, Copy, Debug)]
struct Side {
    start: f64,
    step: f64,
}

/// Half a sample hangs over the edge of an odd side: over the first one when that will be the last.
fn chroma_side(pixels: usize, step: f64, is_mirrored: bool) -> Side {
    let hangs_first = is_mirrored && pixels % 2 == 1;
    Side {
        start: if hangs_first { -step / 2.0 } else { 0.0 },
        step,
    }
}

fn assert_plane_is_close(ours: &Plane, whole: &Plane, sides: (Side, Side), decibels: f64) {
    let expected = lanczos(whole, sides, (ours.width(), ours.height()));
    let squares = ours
        .samples()
        .iter()
        .zip(&expected)
        .map(|(&ours, expected)| {
            let difference = f64::from(ours) - expected;
            difference * difference
        });
    let mean = squares.sum::<f64>() / expected.len() as f64;
    let reached = 10.0 * (255.0 * 255.0 / mean).log10();
    assert!(reached > decibels, "{reached:.1} dB, {sides:?}");
}

fn lanczos(
    plane: &Plane,
    (across, down): (Side, Side),
    (width, height): (usize, usize),
) -> Vec<f64> {
    let rows: Vec<&[u8]> = plane.samples().chunks_exact(plane.width()).collect();
    let rows: Vec<Vec<f64>> = (0..height)
        .map(|row| {
            let column = |x: usize| filtered(row, down, rows.len(), |y| rows[y][x].into());
            (0..plane.width()).map(column).collect()
        })
        .collect();
    let row = |row: &Vec<f64>| -> Vec<f64> {
        let sample = |x| filtered(x, across, row.len(), |x| row[x]).clamp(0.0, 255.0);
        (0..width).map(sample).collect()
    };
    rows.iter().flat_map(row).collect()
}

fn filtered(result: usize, side: Side, samples: usize, sample: impl Fn(usize) -> f64) -> f64 {
    let stretch = side.step.max(1.0);
    let centre = side.start + (result as f64 + 0.5) * side.step;
    let centre = centre.clamp(0.0, samples as f64) - 0.5;
    let weigh = |index: usize| {
        let angle = (index as f64 - centre) / stretch * PI;
        match angle.abs() {
            near if near < 1e-9 => 1.0,
            far if far >= 3.0 * PI => 0.0,
            angle => 3.0 * angle.sin() * (angle / 3.0).sin() / (angle * angle),
        }
    };
    let (mut sum, mut weights) = (0.0, 0.0);
    for index in 0..samples {
        sum += sample(index) * weigh(index);
        weights += weigh(index);
    }
    sum / weights
}

#[test]
fn little_scaling_is_that_of_the_whole_picture() {
    for subsampling in SAMPLINGS {
        let source = Source {
            subsampling,
            ..Source::new(301, 203)
        };
        for size in [(300, 202), (255, 172), (151, 102)] {
            assert_close(source, target(size), 52.0);
        }
    }
}

#[test]
fn three_quarters_of_the_frequencies_are_enough_for_half_the_size() {
    for (width, height) in [(301, 203), (304, 208), (299, 205), (303, 202)] {
        for size in [(150, 101), (120, 81), (102, 69)] {
            assert_close(Source::new(width, height), target(size), 40.0);
        }
    }
}

#[test]
fn much_scaling_is_close_to_that_of_the_whole_picture() {
    for (width, height) in [(301, 203), (304, 208), (299, 205), (303, 202)] {
        for size in [(111, 75), (75, 51), (40, 27), (9, 6), (1, 1)] {
            let source = Source::new(width, height);
            assert_close(source, target(size), 36.0);
        }
    }
}

#[test]
fn a_picture_that_will_be_turned_has_its_odd_chroma_at_the_other_edge() {
    for mirrored in [(true, false), (false, true), (true, true)] {
        for size in [(151, 103), (101, 67)] {
            let target = Target {
                mirrored,
                ..target(size)
            };
            assert_close(Source::new(301, 205), target, 36.0);
        }
    }
}

#[test]
fn grey_pictures_are_scaled() {
    let source = Source {
        gray: true,
        ..Source::new(301, 203)
    };
    assert_close(source, target((100, 67)), 36.0);
}

#[test]
fn a_plain_colour_stays_what_it_is() {
    let rgb = vec![77; 500 * 300 * 3];
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 90)
        .encode(&rgb, 500, 300, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    for size in [
        (499, 299),
        (321, 199),
        (180, 108),
        (99, 60),
        (50, 30),
        (7, 4),
    ] {
        let planes = plan(&file, &target(size)).unwrap().decode().unwrap();
        assert!(planes.luma().samples().iter().all(|&luma| luma == 77));
    }
}
