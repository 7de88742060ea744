//! How coarsely a JPEG is quantised, beside what a quality stands for.

/// Divisors for luma and for chroma at quality 50 (ITU-T T.81, tables K.1 and K.2), row by row.
const LUMA: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Whether a picture whose components have these `divisors`, luma first, is quantised as coarsely as at `quality` or more.
///
/// Cameras and programs have tables of their own that are finer here and coarser there, so that their sums are compared.
pub(super) fn is_as_coarse<'d>(divisors: impl Iterator<Item = &'d [i16; 64]>, quality: u8) -> bool {
    let standard = [sum_at(&LUMA, quality), sum_at(&CHROMA, quality)];
    let standard = standard.into_iter().chain([standard[1]]);
    let sums = divisors.map(|divisors| {
        divisors
            .iter()
            .map(|divisor| i32::from(*divisor))
            .sum::<i32>()
    });
    sums.zip(standard).all(|(sum, standard)| sum >= standard)
}

/// The sum of a table's divisors at a quality, as libjpeg scales them.
fn sum_at(table: &[u16; 64], quality: u8) -> i32 {
    let quality = i32::from(quality.clamp(1, 100));
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    let scaled = table
        .iter()
        .map(|divisor| (i32::from(*divisor) * percent + 50) / 100);
    scaled.map(|divisor| divisor.clamp(1, 255)).sum()
}

#[cfg(test)]
mod tests {
    use baseline::Splice;
    use planes::{Chroma, Plane, Planes, Subsampling};
    use turbo::{Options, Quantisation, encode_planes};

    use super::*;

    fn file(quality: u8) -> Vec<u8> {
        let plane = || Plane::new(8, 8, vec![90; 64]);
        let (blue, red) = (plane(), plane());
        let subsampling = Subsampling::NONE;
        let chroma = Chroma {
            subsampling,
            blue,
            red,
        };
        let options = Options {
            quantisation: Quantisation::Quality(quality),
            progressive: false,
            optimized: false,
            profile: None,
            app1: &[],
        };
        encode_planes(&Planes::new(plane(), chroma), &options).unwrap()
    }

    /// Below 25 all of libjpeg's divisors end at 255, one after the other.
    #[test]
    fn what_libjpeg_wrote_is_as_coarse_as_its_quality_and_no_more() {
        for quality in 1..=99 {
            let file = file(quality);
            let splice = Splice::of(&file).unwrap();
            let is_as_coarse = |quality| is_as_coarse(splice.quantisation(), quality);
            assert!(
                is_as_coarse(quality) && is_as_coarse(quality + 1),
                "{quality}"
            );
            assert!(quality == 1 || !is_as_coarse(quality - 1), "{quality}");
        }
    }

    #[test]
    fn fine_chroma_is_not_coarse() {
        let (coarse, fine) = ([40; 64], [1; 64]);
        assert!(is_as_coarse([&coarse, &coarse, &coarse].into_iter(), 85));
        assert!(!is_as_coarse([&coarse, &coarse, &fine].into_iter(), 85));
        assert!(is_as_coarse([&coarse].into_iter(), 85), "grey");
    }
}
