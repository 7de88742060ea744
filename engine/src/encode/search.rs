//! The highest quality that fits into so many bytes.

/// Pictures are mush below: an error says more.
const LOWEST: u8 = 10;
/// Each costs as much as writing the picture did. In whole numbers, and not by the clock, so that every run finds the same.
const ENCODES_MAX: usize = 7;
/// What fits and is this close in percent of the limit is not improved upon: a step of quality is a few percent.
const CLOSE_PERCENT: u64 = 97;

/// A quality, and the file that it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) quality: u8,
    pub(super) bytes: Vec<u8>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Fitting(Attempt),
    /// Not even the lowest quality fits, which needs so many bytes.
    TooLarge {
        bytes: u64,
    },
}

/// A quality, and how many bytes it needs.
type Point = (u8, u64);

/// Searches below `too_large`, a quality that needs more than `bytes_max`. Files grow with quality; where one does not, a quality that
/// fits is still found, if not the highest.
pub(super) fn search<E>(
    too_large: Point,
    bytes_max: u64,
    mut encode: impl FnMut(u8) -> Result<Vec<u8>, E>,
) -> Result<Found, E> {
    let (mut above, mut best) = (too_large, None::<Attempt>);
    for left in (0..ENCODES_MAX).rev() {
        let below = best.as_ref().map_or((LOWEST - 1, 0), Attempt::point);
        if above.0 <= below.0 + 1 {
            break;
        }
        let is_last_hope = left == 0 && best.is_none();
        let quality = match left % 2 {
            _ if is_last_hope => LOWEST,
            0 => between(below, above, bytes_max),
            _ => below.0.midpoint(above.0),
        };
        let bytes = encode(quality)?;
        let attempt = Attempt { quality, bytes };
        let length = attempt.point().1;
        if length > bytes_max {
            above = (quality, length);
            continue;
        }
        best = Some(attempt);
        if length * 100 >= bytes_max * CLOSE_PERCENT {
            break;
        }
    }
    Ok(best.map_or(Found::TooLarge { bytes: above.1 }, Found::Fitting))
}

/// Where a straight line between two points, one that fits and one that does not, meets the limit.
fn between(below: Point, above: Point, bytes_max: u64) -> u8 {
    let span = u64::from(above.0 - below.0);
    let share = (bytes_max - below.1) * span / (above.1 - below.1);
    // Less than the span, which is a difference of qualities.
    (below.0 + share as u8).clamp(below.0 + 1, above.0 - 1)
}

impl Attempt {
    fn point(&self) -> Point {
        (self.quality, self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Searches among files that `length_of` says the length of, and counts how many were written.
    fn searched(start: u8, bytes_max: u64, length_of: impl Fn(u8) -> usize) -> (Found, usize) {
        let mut count = 0;
        let too_large = (start, length_of(start) as u64);
        let found = search(too_large, bytes_max, |quality| {
            count += 1;
            Ok::<_, Infallible>(vec![0; length_of(quality)])
        });
        let Ok(found) = found;
        (found, count)
    }

    /// About as files of photographs grow.
    fn photo(quality: u8) -> usize {
        (20_000.0 * (f64::from(quality) / 45.0).exp()) as usize
    }

    /// Most of it a colour profile.
    fn flat(quality: u8) -> usize {
        500_000 + 1_000 * usize::from(quality)
    }

    #[test]
    fn what_is_found_fits_and_is_close() {
        for start in [60, 85, 100] {
            for quality in LOWEST..start {
                let bytes_max = photo(quality) as u64;
                let (found, count) = searched(start, bytes_max, photo);
                let Found::Fitting(attempt) = found else {
                    panic!("{quality} fits, and nothing was found below {start}");
                };
                let length = attempt.bytes.len() as u64;
                assert!(length <= bytes_max, "{quality}: {length} > {bytes_max}");
                assert!(
                    attempt.quality + 4 >= quality,
                    "{quality}: {}",
                    attempt.quality
                );
                assert!(count <= ENCODES_MAX);
            }
        }
    }

    #[test]
    fn a_few_encodes_are_enough_for_a_photo() {
        let counts: Vec<_> = (30..85)
            .map(|quality| searched(85, photo(quality) as u64, photo).1)
            .collect();
        let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        assert!(mean < 3.0, "{mean}: {counts:?}");
    }

    #[test]
    fn a_file_that_hardly_shrinks_is_not_ground_to_mush() {
        let (found, _) = searched(85, flat(60) as u64, flat);
        let Found::Fitting(attempt) = found else {
            panic!("60 fits");
        };
        assert!((40..=60).contains(&attempt.quality), "{}", attempt.quality);
    }

    #[test]
    fn the_least_is_told_where_nothing_fits() {
        let (found, count) = searched(85, 1_000, photo);
        let bytes = photo(LOWEST) as u64;
        assert_eq!(found, Found::TooLarge { bytes });
        assert!(count <= ENCODES_MAX);
        let (found, count) = searched(LOWEST, 1_000, photo);
        assert_eq!((found, count), (Found::TooLarge { bytes }, 0));
    }

    #[test]
    fn files_that_do_not_grow_evenly_are_never_passed_off_as_fitting() {
        let uneven = |quality: u8| photo(quality) + usize::from(quality % 3) * 9_000;
        for bytes_max in (30_000..130_000).step_by(1_999) {
            if let (Found::Fitting(attempt), _) = searched(85, bytes_max, uneven) {
                assert!(attempt.bytes.len() as u64 <= bytes_max);
            }
        }
    }
}
