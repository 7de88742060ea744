//! Red, green and blue, luma and chroma, and ink.

/// Bits behind the point of the factors.
const BITS: i32 = 16;
const HALF: i32 = 1 << (BITS - 1);

/// The colour of luma, blue-difference and red-difference as JFIF defines it (ITU-T T.871, section 7), rounded.
pub(crate) const fn rgb([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    // 1.402, 0.344136, 0.714136 and 1.772.
    const RED_OF_RED: i32 = 91_881;
    const GREEN_OF_BLUE: i32 = 22_554;
    const GREEN_OF_RED: i32 = 46_802;
    const BLUE_OF_BLUE: i32 = 116_130;
    let luma = ((luma as i32) << BITS) + HALF;
    let (blue, red) = (blue as i32 - 128, red as i32 - 128);
    [
        clamped(luma + RED_OF_RED * red),
        clamped(luma - GREEN_OF_BLUE * blue - GREEN_OF_RED * red),
        clamped(luma + BLUE_OF_BLUE * blue),
    ]
}

/// Luma, blue-difference and red-difference of a colour: [`rgb`] backwards.
pub(crate) const fn planes([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let (red, green, blue) = (red as i32, green as i32, blue as i32);
    let neutral = (128 << BITS) + HALF;
    [
        // 0.299, 0.587 and 0.114; 0.168736, 0.331264 and 0.5; 0.5, 0.418688 and 0.081312.
        clamped(19_595 * red + 38_470 * green + 7_471 * blue + HALF),
        clamped(-11_058 * red - 21_710 * green + 32_768 * blue + neutral),
        clamped(32_768 * red - 27_439 * green - 5_329 * blue + neutral),
    ]
}

/// The colour of paper beneath cyan, magenta, yellow and black ink, without a profile that would know the ink: what one
/// ink leaves of the light, the next one sees. 0 is no ink, or all of it if `inverted`.
pub(crate) fn rgb_of_ink(ink: [u8; 4], inverted: bool) -> [u8; 3] {
    let light = if inverted {
        ink
    } else {
        ink.map(|ink| 255 - ink)
    };
    let [cyan, magenta, yellow, black] = light.map(u32::from);
    [cyan, magenta, yellow].map(|light| ((light * black + 127) / 255) as u8)
}

const fn clamped(value: i32) -> u8 {
    let value = value >> BITS;
    if value < 0 {
        0
    } else if value > 255 {
        255
    } else {
        value as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_jfif() {
        for (planes, expected) in [
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
            ([200, 128, 128], [200; 3]),
        ] {
            assert_eq!(rgb(planes), expected, "{planes:?}");
        }
    }

    #[test]
    fn colours_come_back_from_their_planes() {
        for color in (0..4096).map(|i: u32| [i % 16, i / 16 % 16, i / 256].map(|c| 17 * c as u8)) {
            let back = rgb(planes(color));
            let near = color
                .iter()
                .zip(back)
                .all(|(one, other)| one.abs_diff(other) <= 2);
            assert!(near, "{color:?} comes back as {back:?}");
        }
    }

    #[test]
    fn ink_takes_light_away_whichever_way_it_is_counted() {
        for (ink, expected) in [
            ([0, 0, 0, 0], [255; 3]),
            ([0, 0, 0, 255], [0; 3]),
            ([255, 0, 0, 0], [0, 255, 255]),
            ([0, 128, 0, 128], [127, 63, 127]),
        ] {
            assert_eq!(rgb_of_ink(ink, false), expected, "{ink:?}");
            assert_eq!(
                rgb_of_ink(ink.map(|ink| 255 - ink), true),
                expected,
                "{ink:?}"
            );
        }
    }
}
