//! A scaled picture looks like a Lanczos3 of the whole one, from where its edges really are.

use std::f64::consts::PI;

use baseline::plan;
use planes::{Plane, Subsampling};

use crate::support::{SAMPLINGS, Source, oracle};

/// Decibels below the range of samples at which the difference from the float picture must stay.
fn assert_close(source: Source, target: (usize, usize), decibels: f64) {
    let file = source.encoded();
    let ours = plan(&file, target, Subsampling::BOTH_HALVED)
        .unwrap()
        .decode()
        .unwrap();
    let whole = oracle(&file, &source);
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    let steps = (width / target.0 as f64, height / target.1 as f64);
    assert_plane_is_close(ours.luma(), whole.luma(), steps, decibels);

    let (Some(ours), Some(whole)) = (ours.chroma(), whole.chroma()) else {
        assert!(source.gray);
        return;
    };
    let own = source.subsampling;
    let steps = (
        steps.0 * 2.0 / own.across as f64,
        steps.1 * 2.0 / own.down as f64,
    );
    assert_plane_is_close(&ours.blue, &whole.blue, steps, decibels);
    assert_plane_is_close(&ours.red, &whole.red, steps, decibels);
}

fn assert_plane_is_close(ours: &Plane, whole: &Plane, steps: (f64, f64), decibels: f64) {
    let expected = lanczos(whole, steps, (ours.width(), ours.height()));
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
    assert!(reached > decibels, "{reached:.1} dB, {steps:?}");
}

fn lanczos(plane: &Plane, steps: (f64, f64), (width, height): (usize, usize)) -> Vec<f64> {
    let rows: Vec<&[u8]> = plane.samples().chunks_exact(plane.width()).collect();
    let down: Vec<Vec<f64>> = (0..height)
        .map(|row| {
            let column = |x: usize| filtered(row, steps.1, rows.len(), |y| rows[y][x].into());
            (0..plane.width()).map(column).collect()
        })
        .collect();
    let across = |row: &Vec<f64>| -> Vec<f64> {
        let sample = |x| filtered(x, steps.0, row.len(), |x| row[x]).clamp(0.0, 255.0);
        (0..width).map(sample).collect()
    };
    down.iter().flat_map(across).collect()
}

fn filtered(result: usize, step: f64, samples: usize, sample: impl Fn(usize) -> f64) -> f64 {
    let stretch = step.max(1.0);
    let centre = ((result as f64 + 0.5) * step).min(samples as f64) - 0.5;
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
        for target in [(300, 202), (255, 172), (151, 102)] {
            assert_close(source, target, 52.0);
        }
    }
}

#[test]
fn much_scaling_is_close_to_that_of_the_whole_picture() {
    for size in [(301, 203), (304, 208), (299, 205), (303, 202)] {
        for target in [(111, 75), (75, 51), (40, 27), (9, 6), (1, 1)] {
            let source = Source::new(size.0, size.1);
            assert_close(source, target, 36.0);
        }
    }
}

#[test]
fn grey_pictures_are_scaled() {
    let source = Source {
        gray: true,
        ..Source::new(301, 203)
    };
    assert_close(source, (100, 67), 36.0);
}

#[test]
fn a_plain_colour_stays_what_it_is() {
    let rgb = vec![77; 500 * 300 * 3];
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 90)
        .encode(&rgb, 500, 300, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    for target in [
        (499, 299),
        (321, 199),
        (180, 108),
        (99, 60),
        (50, 30),
        (7, 4),
    ] {
        let planes = plan(&file, target, Subsampling::BOTH_HALVED)
            .unwrap()
            .decode()
            .unwrap();
        assert!(planes.luma().samples().iter().all(|&luma| luma == 77));
    }
}
