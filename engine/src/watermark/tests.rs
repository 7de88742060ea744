use planes::{Chroma, Plane, Planes, Subsampling};

use super::*;
use crate::{
    pixels::{Layout, Pixels},
    tests::recipe,
};

fn mark(fields: &[(&str, &str)], size: (u32, u32)) -> Mark {
    Mark::lay_out(&recipe(fields), &Fonts::embedded(), None, size).unwrap()
}

fn place(fields: &[(&str, &str)], size: (u32, u32)) -> Place {
    match mark(fields, size) {
        Mark::Single(mut places) => places.remove(0),
        Mark::Tiled(pattern) => panic!("{pattern:?}"),
    }
}

fn gray(width: u32, height: u32, at: impl Fn(u32, u32) -> u8) -> Pixels {
    let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes = rows.map(|(x, y)| at(x, y)).collect();
    Pixels::new(width, height, Layout::Gray, bytes)
}

#[test]
fn letters_are_of_one_size_in_every_format_of_one_area() {
    let em = |size| {
        place(&[("wm_size", "4"), ("wm_text", "NWS")], size)
            .scale
            .em
    };
    assert_eq!(em((1200, 600)), em((600, 1200)));
    let panorama = em((2400, 300)) / em((1200, 600));
    assert!((0.99..1.01).contains(&panorama), "{panorama}");
}

#[test]
fn letters_have_the_height_that_was_asked_for_and_six_pixels_at_least() {
    let cap_height = |size, percent| {
        let place = place(&[("wm_size", percent), ("wm_text", "N")], size);
        place.scale.em * place.block.cap_height
    };
    assert!((cap_height((1000, 1000), "3") - 30.0).abs() < 0.01);
    assert!((cap_height((100, 100), "3") - 6.0).abs() < 0.01);
}

#[test]
fn a_mark_stays_between_the_margins_however_it_is_turned() {
    for degrees in ["0", "17", "-45", "90", "180"] {
        for size in [(640, 480), (480, 640), (3000, 60), (64, 64)] {
            for position in Position::PLACES {
                let fields = [
                    ("wm_rotate", degrees),
                    ("wm_position", position.as_str()),
                    ("wm_size", "20"),
                    ("wm_text", "a text that is too long"),
                ];
                let place = place(&fields, size);
                let Region {
                    x,
                    y,
                    width,
                    height,
                } = place.region;
                assert!(
                    x > 0 && x + width < size.0,
                    "{degrees} {size:?} {position:?}"
                );
                assert!(
                    y > 0 && y + height < size.1,
                    "{degrees} {size:?} {position:?}"
                );
                let border = border(&place.coverage());
                assert!(
                    border.iter().all(|halo| *halo < 8),
                    "cut at {degrees} {size:?}"
                );
            }
        }
    }
}

/// The halo along the edges of its rectangle. A hundredth of a pixel may lie beyond where sines are rounded.
fn border(coverage: &Coverage) -> Vec<u8> {
    let rows = || coverage.halo.chunks_exact(coverage.width);
    let sides = rows().flat_map(|row| [row[0], row[row.len() - 1]]);
    let ends = rows()
        .take(1)
        .chain(rows().skip(coverage.height - 1))
        .flatten()
        .copied();
    sides.chain(ends).collect()
}

#[test]
fn the_calmest_place_is_found_and_the_default_among_equals() {
    let size = (600, 400);
    let chosen = |picture: &Pixels| match mark(&[("wm_position", "auto")], size) {
        Mark::Single(places) => calm::calmest(picture, &places).unwrap().position,
        Mark::Tiled(_) => unreachable!(),
    };
    assert_eq!(chosen(&gray(600, 400, |_, _| 90)), Position::BottomRight);
    for calm in Position::PLACES {
        let Region {
            x: left,
            y: top,
            width,
            height,
        } = place(&[("wm_position", calm.as_str())], size).region;
        let busy = gray(600, 400, |x, y| {
            let inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            if inside {
                90
            } else {
                ((x * 7 + y * 13) % 97) as u8
            }
        });
        assert_eq!(chosen(&busy), calm);
    }
}

#[test]
fn a_pattern_covers_the_picture_and_its_marks_do_not_touch() {
    for degrees in ["0", "-30", "90"] {
        let fields = [
            ("wm_position", "tile"),
            ("wm_rotate", degrees),
            ("wm_spacing", "0"),
        ];
        let Mark::Tiled(pattern) = mark(&fields, (500, 400)) else {
            panic!("no pattern");
        };
        let coverage = pattern.coverage();
        let mut covered = vec![0_u8; 500 * 400];
        for corner in &pattern.corners {
            let stamp = Stamp::at(*corner, &coverage, (500, 400)).expect("a corner that shows");
            for y in 0..stamp.region.height {
                for (x, letters) in (0..).zip(stamp.row(y as usize).0) {
                    let at = (stamp.region.y + y) as usize * 500 + (stamp.region.x + x) as usize;
                    assert!(
                        *letters < 128 || covered[at] < 128,
                        "{degrees}: marks overlap"
                    );
                    covered[at] = covered[at].max(*letters);
                }
            }
        }
        let quarters = [(0, 0), (250, 0), (0, 200), (250, 200)];
        for (left, top) in quarters {
            let rows = covered.chunks_exact(500).skip(top).take(200);
            let count = rows
                .flat_map(|row| &row[left..left + 250])
                .filter(|at| **at >= 128)
                .count();
            assert!(
                count > 250 * 200 / 20,
                "{degrees}: {count} pixels at {left}, {top}"
            );
        }
    }
}

/// Whatever a picture is kept as, its mark is the same.
#[test]
fn planes_and_pixels_are_marked_alike() {
    let (width, height) = (301, 203);
    let ground = |x: u32, y: u32| ((x * 3 + y * 5) % 200) as u8;
    let mut pixels = gray(width, height, ground);
    let samples = pixels.bytes.clone();
    let untouched = samples.clone();
    let (width, height) = (width as usize, height as usize);
    let subsampling = Subsampling::BOTH_HALVED;
    let (across, down) = subsampling.of(width, height);
    let neutral = Plane::new(across, down, vec![128; across * down]);
    let (blue, red) = (neutral.clone(), neutral);
    let chroma = Chroma {
        subsampling,
        blue,
        red,
    };
    let mut planes = Planes::new(Plane::new(width, height, samples), chroma);

    let (mark, recipe) = (mark(&[], (301, 203)), recipe(&[]));
    assert_eq!(
        mark.draw_on(&mut planes, &recipe, None),
        mark.draw_on(&mut pixels, &recipe, None)
    );
    assert_eq!(Planes::luma(&planes).samples(), pixels.bytes);
    assert_ne!(pixels.bytes, untouched);
    let chroma = planes.chroma().unwrap();
    assert!(
        chroma.blue.samples().iter().all(|sample| *sample == 128),
        "black and white are neutral"
    );
}

/// A part of `picture` from a corner that every sampling has a sample at, as the window over it.
fn part(picture: &Planes, corner: (usize, usize), size: (usize, usize)) -> Planes {
    let cut = |plane: &Plane, each: Subsampling| {
        let (left, top) = (corner.0 / each.across, corner.1 / each.down);
        let (width, height) = each.of(size.0, size.1);
        let rows = plane.samples().chunks_exact(plane.width()).skip(top);
        let rows = rows.take(height).flat_map(|row| &row[left..left + width]);
        Plane::new(width, height, rows.copied().collect())
    };
    let luma = cut(Planes::luma(picture), Subsampling::NONE);
    let Some(chroma) = picture.chroma() else {
        return Planes::gray(luma);
    };
    let subsampling = chroma.subsampling;
    let [blue, red] = [&chroma.blue, &chroma.red].map(|plane| cut(plane, subsampling));
    Planes::new(
        luma,
        Chroma {
            subsampling,
            blue,
            red,
        },
    )
}

fn ramps(width: usize, height: usize, subsampling: Option<Subsampling>) -> Planes {
    let ramp = |width: usize, height: usize, step: usize| {
        let samples = (0..width * height).map(|at| (at % width * step + at / width) as u8);
        Plane::new(width, height, samples.collect())
    };
    let luma = ramp(width, height, 1);
    let Some(subsampling) = subsampling else {
        return Planes::gray(luma);
    };
    let (across, down) = subsampling.of(width, height);
    let (blue, red) = (ramp(across, down, 3), ramp(across, down, 2));
    Planes::new(
        luma,
        Chroma {
            subsampling,
            blue,
            red,
        },
    )
}

/// A splice knows no more of the picture than that.
#[test]
fn a_window_gets_the_mark_of_the_whole_picture() {
    let (width, height) = (301, 203);
    let samplings = [(1, 1), (2, 1), (2, 2), (4, 1)].map(|(across, down)| {
        let sampling = Subsampling { across, down };
        Some(sampling)
    });
    for sampling in samplings.into_iter().chain([None]) {
        for (position, corner, size) in [
            ("bottom-right", (32, 128), (269, 75)),
            ("top-left", (0, 0), (256, 64)),
            ("center", (16, 64), (272, 80)),
            ("tile", (0, 0), (301, 203)),
        ] {
            let fields = [("wm_position", position), ("wm_color", "#ffffff")];
            let (mark, recipe) = (mark(&fields, (301, 203)), recipe(&fields));
            let mut whole = ramps(width, height, sampling);
            let mut part_of_it = part(&whole, corner, size);
            let untouched = part_of_it.clone();
            let mut window = Window::of(&mut part_of_it, corner, (301, 203));
            let settled = mark.settled().expect("the place is said");
            assert_eq!(
                settled.draw_on(&mut window, &recipe, None),
                mark.draw_on(&mut whole, &recipe, None)
            );
            assert!(!window.lacks_color());
            assert_eq!(part_of_it, part(&whole, corner, size), "{position}");
            assert_ne!(part_of_it, untouched, "{position}");
        }
    }
}

#[test]
fn a_window_on_grey_has_no_colour_to_give() {
    let fields = [("wm_color", "#ff8000")];
    let (mark, recipe) = (mark(&fields, (301, 203)), recipe(&fields));
    let mut gray = ramps(301, 203, None);
    let mut window = Window::of(&mut gray, (0, 0), (301, 203));
    mark.settled().unwrap().draw_on(&mut window, &recipe, None);
    assert!(window.lacks_color());
}
