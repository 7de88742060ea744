//! ICC profiles: passed through where they mean the same in the output, otherwise left out.

/// Longest profile that is passed through. Display and camera profiles have a few KiB, print profiles megabytes.
const BYTES_MAX: usize = 1024 * 1024;
const HEADER_BYTES: usize = 128;

/// An ICC profile that describes the picture it came with (ICC.1:2022, section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    bytes: Vec<u8>,
    space: Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Gray,
    Rgb,
}

impl Profile {
    /// The profile, if it is one and speaks of a colour space that a decoded picture can be in.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let sane = (HEADER_BYTES..=BYTES_MAX).contains(&bytes.len())
            && bytes[36..40] == *b"acsp"
            && bytes[0..4] == u32::try_from(bytes.len()).ok()?.to_be_bytes();
        let space = match bytes.get(16..20)? {
            b"GRAY" => Space::Gray,
            b"RGB " => Space::Rgb,
            _ => return None,
        };
        sane.then_some(Self { bytes, space })
    }

    /// The profile's bytes, if it describes a picture with or without colour.
    pub(crate) fn describing(&self, has_color: bool) -> Option<&[u8]> {
        let describes = (self.space == Space::Rgb) == has_color;
        describes.then_some(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(space: &[u8; 4]) -> Vec<u8> {
        let mut bytes = vec![0; 200];
        bytes[..4].copy_from_slice(&200_u32.to_be_bytes());
        bytes[16..20].copy_from_slice(space);
        bytes[36..40].copy_from_slice(b"acsp");
        bytes
    }

    #[test]
    fn a_profile_goes_only_with_its_own_colour_space() {
        let rgb = Profile::parse(profile(b"RGB ")).unwrap();
        assert!(rgb.describing(true).is_some());
        assert!(rgb.describing(false).is_none());
        assert_eq!(Profile::parse(profile(b"CMYK")), None);
    }

    #[test]
    fn what_is_no_profile_is_left_out() {
        let mut wrong_length = profile(b"RGB ");
        wrong_length.push(0);
        for bytes in [vec![], vec![0; 128], wrong_length] {
            assert_eq!(Profile::parse(bytes), None);
        }
    }
}
