//! What a file says of itself: of the source's own words only the colour profile is read, and all are written anew.

use baseline::Splice;

use crate::{encode, metadata::Metadata, profile::Profile};

const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;

/// What each part of a profile begins with, before its number and the count of all (ICC.1:2022, annex B.4).
const NAME: &[u8] = b"ICC_PROFILE\0";
/// What is left of a segment beside its length, the name and the two numbers.
const PART_BYTES_MAX: usize = 65_535 - 2 - NAME.len() - 2;

/// The profile of the source, if it is whole.
pub(super) fn profile(splice: &Splice<'_>) -> Option<Profile> {
    Profile::parse(assembled(splice.application_data())?)
}

/// A profile's parts in their order: each is there once, and all agree on how many they are.
fn assembled<'a>(segments: impl Iterator<Item = (u8, &'a [u8])>) -> Option<Vec<u8>> {
    let of_profile = segments.filter(|(marker, _)| *marker == APP2);
    let parts = of_profile.filter_map(|(_, data)| data.strip_prefix(NAME)?.split_first_chunk());
    let mut parts: Vec<(&[u8; 2], &[u8])> = parts.collect();
    parts.sort_by_key(|([number, _], _)| *number);
    let count = u8::try_from(parts.len()).ok()?;
    let numbers = parts.iter().map(|(numbers, _)| **numbers);
    let is_whole = numbers.eq((1..=count).map(|number| [number, count]));
    let bytes = || {
        parts
            .iter()
            .flat_map(|(_, bytes)| *bytes)
            .copied()
            .collect()
    };
    (is_whole && count > 0).then(bytes)
}

/// The segments that say what `metadata` does.
pub(super) fn application_data(metadata: &Metadata<'_>) -> Vec<(u8, Vec<u8>)> {
    let credits = encode::app1(metadata);
    let credits = credits.into_iter().map(|data| (APP1, data));
    let profile = metadata.profile.unwrap_or_default();
    let parts = profile.chunks(PART_BYTES_MAX);
    let count = parts.len() as u8;
    let part = |(number, part): (u8, &[u8])| (APP2, [NAME, &[number, count], part].concat());
    credits.chain((1..).zip(parts).map(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u8, count: u8, bytes: &[u8]) -> (u8, Vec<u8>) {
        (APP2, [NAME, &[number, count], bytes].concat())
    }

    fn assembled(parts: &[(u8, Vec<u8>)]) -> Option<Vec<u8>> {
        super::assembled(parts.iter().map(|(marker, data)| (*marker, &data[..])))
    }

    #[test]
    fn a_profile_is_written_as_it_is_read() {
        for length in [1, PART_BYTES_MAX, PART_BYTES_MAX + 1, 3 * PART_BYTES_MAX] {
            let profile: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let metadata = Metadata {
                profile: Some(&profile),
                ..Metadata::default()
            };
            let mut segments = application_data(&metadata);
            assert!(segments.iter().all(|(_, data)| data.len() <= 65_533));
            segments.reverse();
            assert_eq!(assembled(&segments), Some(profile));
        }
    }

    #[test]
    fn a_profile_that_is_not_whole_is_none() {
        let (first, second) = (part(1, 2, b"one"), part(2, 2, b"two"));
        let whole = [second.clone(), first.clone()];
        assert_eq!(assembled(&whole), Some(b"onetwo".to_vec()));
        for broken in [
            &[][..],
            std::slice::from_ref(&first),
            &[first.clone(), first.clone()],
            &[first.clone(), second.clone(), second.clone()],
            &[first.clone(), part(2, 3, b"two")],
            &[part(0, 1, b"none")],
            &[(0xe1, first.1.clone()), second],
        ] {
            assert_eq!(assembled(broken), None, "{broken:?}");
        }
    }
}
