use planes::Chroma;

use super::*;

const SETTINGS: Settings = Settings {
    quality: 95,
    speed: 9,
};

const METADATA: Metadata<'_> = Metadata {
    profile: Some(b"profile"),
    exif: Some(b"MM\0*block"),
    xmp: Some("<packet/>"),
};

fn planes(width: usize, height: usize) -> Planes {
    let luma = (0..width * height).map(|at| (at % width * 255 / width) as u8);
    let (across, down) = Subsampling::BOTH_HALVED.of(width, height);
    let chroma = |value| Plane::new(across, down, vec![value; across * down]);
    Planes::new(
        Plane::new(width, height, luma.collect()),
        Chroma {
            subsampling: Subsampling::BOTH_HALVED,
            blue: chroma(90),
            red: chroma(160),
        },
    )
}

#[test]
fn the_same_planes_give_the_same_bytes() {
    let written = || encode(&planes(65, 49), None, Metadata::default(), SETTINGS).unwrap();
    assert_eq!(written(), written());
    assert_eq!(&written()[4..12], b"ftypavif");
}

fn header(avif: &[u8]) -> Header {
    let meta = avif
        .windows(4)
        .position(|window| window == b"meta")
        .unwrap();
    let length = u32::from_be_bytes(avif[meta - 4..meta].try_into().unwrap()) as usize;
    Header::parse(&avif[meta + 4..meta - 4 + length]).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    for (width, height) in [(64, 48), (65, 49), (1, 1), (2, 3)] {
        let picture = planes(width, height);
        let alpha = Plane::new(width, height, vec![77; width * height]);
        let avif = encode(&picture, Some(alpha), METADATA, SETTINGS).unwrap();
        let header = header(&avif);
        assert_eq!(
            (header.width as usize, header.height as usize),
            (width, height)
        );
        assert_eq!(header.profile.as_deref(), Some(&b"profile"[..]));
        assert_eq!(header.exif_orientation, 1);
        let exif = header.exif.clone().unwrap();
        let exif = &avif[exif.start as usize..exif.end as usize];
        assert_eq!(exif, b"\0\0\0\0MM\0*block");
        assert!(avif.ends_with(b"<packet/>"));
        let decoded = decode(&avif, &header).unwrap();
        assert_eq!(decoded.matrix, Matrix::BT601);
        let near = |one: &Plane, other: &Plane| {
            let pairs = one.samples().iter().zip(other.samples());
            let sum: u32 = pairs
                .map(|(one, other)| u32::from(one.abs_diff(*other)))
                .sum();
            f64::from(sum) / (one.samples().len() as f64) < 3.0
        };
        assert!(
            near(decoded.planes.luma(), picture.luma()),
            "{width}×{height}"
        );
        let (read, written) = (decoded.planes.chroma().unwrap(), picture.chroma().unwrap());
        assert!(near(&read.blue, &written.blue) && near(&read.red, &written.red));
        assert!(
            decoded
                .alpha
                .unwrap()
                .samples()
                .iter()
                .all(|alpha| alpha.abs_diff(77) < 3)
        );
    }
}

#[test]
fn a_grey_picture_stays_grey() {
    let picture = Planes::gray(Plane::new(40, 30, vec![99; 40 * 30]));
    let avif = encode(&picture, None, Metadata::default(), SETTINGS).unwrap();
    let decoded = decode(&avif, &header(&avif)).unwrap();
    assert!(decoded.planes.chroma().is_none());
    assert!(
        decoded
            .planes
            .luma()
            .samples()
            .iter()
            .all(|luma| luma.abs_diff(99) < 3)
    );
}

#[test]
fn a_frame_of_another_size_than_the_header_is_not_decoded() {
    let avif = encode(&planes(64, 48), None, Metadata::default(), SETTINGS).unwrap();
    let mut header = header(&avif);
    header.width = 63;
    assert!(matches!(
        decode(&avif, &header),
        Err(DecodeError::OtherSize { .. })
    ));
    header.width = 64;
    assert_eq!(
        decode(&avif[..avif.len() - 1], &header),
        Err(DecodeError::Cut)
    );
}
