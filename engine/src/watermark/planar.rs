//! The part of planes beneath a mark as pixels, and back.

use planes::{Chroma, Planes, Subsampling};

use crate::{
    color,
    pixels::{Layout, Pixels, Region},
};

/// `region`, grown to whole chroma samples.
pub(super) fn grown(region: Region, picture: &Planes, sampling: Subsampling) -> Region {
    let (across, down) = (sampling.across as u32, sampling.down as u32);
    let (x, y) = (region.x / across * across, region.y / down * down);
    let end = (region.x + region.width).next_multiple_of(across);
    let bottom = (region.y + region.height).next_multiple_of(down);
    Region {
        x,
        y,
        width: end.min(picture.width() as u32) - x,
        height: bottom.min(picture.height() as u32) - y,
    }
}

/// The pixels of `region`.
pub(super) fn pixels(picture: &Planes, chroma: &Chroma, region: Region) -> Pixels {
    let mut bytes = Vec::with_capacity(3 * region.area());
    for (x, y) in places(region) {
        let at = chroma_index(chroma, x, y);
        let (blue, red) = (chroma.blue.samples()[at], chroma.red.samples()[at]);
        let luma = picture.luma().samples()[y * picture.width() + x];
        bytes.extend_from_slice(&color::rgb([luma, blue, red]));
    }
    Pixels::new(region.width, region.height, Layout::Rgb, bytes)
}

/// Takes over what differs between `before` and `after`, the pixels of `region`, which is whole chroma samples.
pub(super) fn take_over(picture: &mut Planes, region: Region, before: &Pixels, after: &Pixels) {
    let (before, _) = before.bytes.as_chunks::<3>();
    let (after, _) = after.bytes.as_chunks::<3>();
    let changed = places(region)
        .zip(before.iter().zip(after))
        .filter(|(_, (before, after))| before != after);
    let width = picture.width();
    let mut shares = std::collections::BTreeMap::<usize, [i32; 2]>::new();
    for ((x, y), (before, after)) in changed {
        let (old, new) = (color::planes(*before), color::planes(*after));
        picture.luma_mut().samples_mut()[y * width + x] = new[0];
        let Some(chroma) = picture.chroma() else {
            continue;
        };
        let share = shares.entry(chroma_index(chroma, x, y)).or_default();
        share[0] += i32::from(new[1]) - i32::from(old[1]);
        share[1] += i32::from(new[2]) - i32::from(old[2]);
    }
    let Some(chroma) = picture.chroma_mut() else {
        return;
    };
    let pixels = (chroma.subsampling.across * chroma.subsampling.down) as i32;
    for (at, [blue, red]) in shares {
        for (plane, change) in [(&mut chroma.blue, blue), (&mut chroma.red, red)] {
            let sample = &mut plane.samples_mut()[at];
            *sample = (i32::from(*sample) + change / pixels).clamp(0, 255) as u8;
        }
    }
}

fn places(region: Region) -> impl Iterator<Item = (usize, usize)> {
    let columns = region.x as usize..(region.x + region.width) as usize;
    let rows = region.y as usize..(region.y + region.height) as usize;
    rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
}

fn chroma_index(chroma: &Chroma, x: usize, y: usize) -> usize {
    let Subsampling { across, down } = chroma.subsampling;
    y / down * chroma.blue.width() + x / across
}
