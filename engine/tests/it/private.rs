//! What a photo says of itself, and how little of it strangers get to read.

use std::io::Cursor;

use engine::{Limits, Orientation, inspect};
use exif::{Context, Exif, Field, In, Tag, Value, experimental::Writer};
use image::ImageFormat;
use img_parts::{
    Bytes, ImageEXIF, ImageICC,
    jpeg::{Jpeg, JpegSegment},
    png::{Png, PngChunk},
    riff::{RiffChunk, RiffContent},
    webp::WebP,
};
use schemas::{OutputFormat, Written};

use crate::support::{decoded, display_p3, encoded, landscape, rendered};

/// What every planted secret begins with, in any block and coding.
const SECRET: &[u8] = b"SECRET";

const XMP: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description exif:GPSLatitude="SECRET-52,31N"
    aux:SerialNumber="SECRET-SERIAL" tiff:Orientation="6">
    <xmp:Thumbnails><rdf:Alt><rdf:li>SECRET-THUMBNAIL</rdf:li></rdf:Alt></xmp:Thumbnails>
    <dc:creator><rdf:Seq><rdf:li>Ada &amp; Grace</rdf:li></rdf:Seq></dc:creator>
    <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Ada Ltd</rdf:li></rdf:Alt></dc:rights>
    <dc:description><rdf:Alt><rdf:li>SECRET-CAPTION</rdf:li></rdf:Alt></dc:description>"#;

/// A block with places, serial numbers, maker notes and a thumbnail.
fn exif(credits: &[(Tag, &str)]) -> Vec<u8> {
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let secret = |tag, value| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    };
    let mut fields = vec![
        secret(Tag::GPSLatitudeRef, ascii("N")),
        secret(
            Tag::GPSAreaInformation,
            Value::Undefined(b"SECRET-PLACE".to_vec(), 0),
        ),
        secret(Tag::BodySerialNumber, ascii("SECRET-SERIAL")),
        secret(Tag::LensSerialNumber, ascii("SECRET-LENS")),
        secret(Tag::CameraOwnerName, ascii("SECRET-OWNER")),
        secret(Tag::ImageUniqueID, ascii("SECRET-ID")),
        secret(Tag::MakerNote, Value::Undefined(b"SECRET-NOTE".to_vec(), 0)),
        secret(
            Tag::UserComment,
            Value::Undefined(b"SECRET-COMMENT".to_vec(), 0),
        ),
        secret(Tag::ImageDescription, ascii("SECRET-CAPTION")),
        secret(Tag::DateTimeOriginal, ascii("2026:11:20 10:11:12")),
        // What Windows writes, in UTF-16.
        secret(
            Tag(Context::Tiff, 0x9c9d),
            Value::Byte(b"SECRET-AUTHOR".to_vec()),
        ),
    ];
    fields.extend(credits.iter().map(|&(tag, text)| secret(tag, ascii(text))));
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    writer.set_jpeg(b"\xff\xd8SECRET-THUMBNAIL\xff\xd9", In::THUMBNAIL);
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, true).unwrap();
    block.into_inner()
}

const CREDITS: [(Tag, &str); 2] = [(Tag::Artist, "Ada & Grace"), (Tag::Copyright, "© Ada Ltd")];

/// Photoshop's resources: a thumbnail, a caption, and IPTC with the credits.
fn resources() -> Vec<u8> {
    let record = |set: u8, text: &str| {
        let length = (text.len() as u16).to_be_bytes();
        [&[0x1c, 2, set], &length[..], text.as_bytes()].concat()
    };
    let records = [
        record(92, "SECRET-SUBLOCATION"),
        record(80, "Ada & Grace"),
        record(116, "© Ada Ltd"),
    ];
    let resource = |number: u16, content: &[u8]| {
        let length = (content.len() as u32).to_be_bytes();
        let padding = vec![0; content.len() % 2];
        [
            b"8BIM",
            &number.to_be_bytes()[..],
            &[0, 0],
            &length,
            content,
            &padding,
        ]
        .concat()
    };
    [
        resource(0x040c, b"SECRET-THUMBNAIL"),
        resource(0x0404, &records.concat()),
    ]
    .concat()
}

/// A JPEG with every block that there is, some of them behind the picture.
fn hostile_jpeg(exif: &[u8], xmp: &str) -> Vec<u8> {
    let mut jpeg = Jpeg::from_bytes(encoded(landscape(80, 60), ImageFormat::Jpeg).into()).unwrap();
    let segment = |marker, parts: &[&[u8]]| {
        JpegSegment::new_with_contents(marker, Bytes::from(parts.concat()))
    };
    let planted = [
        segment(0xe1, &[b"Exif\0\0", exif]),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", xmp.as_bytes()]),
        segment(0xe1, &[b"http://ns.adobe.com/xmp/extension/\0", SECRET]),
        segment(0xe0, &[b"JFXX\0\x10SECRET-THUMBNAIL"]),
        segment(0xe2, &[b"MPF\0SECRET-PREVIEW"]),
        segment(0xed, &[b"Photoshop 3.0\0", &resources()]),
        segment(0xeb, &[b"SECRET-APP11"]),
        segment(0xfe, &[b"SECRET-COMMENT"]),
    ];
    for (at, segment) in planted.into_iter().enumerate() {
        jpeg.segments_mut().insert(at, segment);
    }
    jpeg.set_icc_profile(Some(display_p3().into()));
    let mut bytes = jpeg.encoder().bytes().to_vec();
    bytes.extend(b"\xff\xd8SECRET-PREVIEW\xff\xd9");
    bytes
}

fn hostile_png() -> Vec<u8> {
    let mut png = Png::from_bytes(encoded(landscape(80, 60), ImageFormat::Png).into()).unwrap();
    let chunk = |name: &[u8; 4], parts: &[&[u8]]| PngChunk::new(*name, parts.concat().into());
    let planted = [
        chunk(b"tEXt", &[b"Comment\0SECRET-COMMENT"]),
        chunk(b"tEXt", &[b"Raw profile type exif\0SECRET-PLACE"]),
        chunk(b"iTXt", &[b"Location\0\0\0\0\0SECRET-PLACE"]),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", XMP.as_bytes()]),
        chunk(b"tIME", &[b"SECRET!"]),
        chunk(b"prVt", &[b"SECRET-PRIVATE"]),
    ];
    for chunk in planted {
        png.chunks_mut().insert(1, chunk);
    }
    png.set_exif(Some(exif(&CREDITS).into()));
    png.set_icc_profile(Some(display_p3().into()));
    png.encoder().bytes().to_vec()
}

fn hostile_webp() -> Vec<u8> {
    let mut webp = WebP::from_bytes(encoded(landscape(80, 60), ImageFormat::WebP).into()).unwrap();
    webp.set_exif(Some(exif(&CREDITS).into()));
    webp.set_icc_profile(Some(display_p3().into()));
    for (name, content) in [(b"XMP ", XMP.as_bytes()), (b"PRVT", b"SECRET-PRIVATE")] {
        let content = RiffContent::Data(Bytes::copy_from_slice(content));
        webp.chunks_mut().push(RiffChunk::new(*name, content));
    }
    webp.encoder().bytes().to_vec()
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes
        .windows(secret.len())
        .any(|window| window.eq_ignore_ascii_case(secret))
}

/// The blocks that a result holds, where another library finds them.
fn blocks(format: OutputFormat, bytes: &[u8]) -> (Option<Vec<u8>>, Option<String>) {
    let file = Bytes::copy_from_slice(bytes);
    let text = |packet: &[u8]| String::from_utf8(packet.to_vec()).unwrap();
    match format {
        OutputFormat::Jpeg => {
            let jpeg = Jpeg::from_bytes(file).unwrap();
            let name = b"http://ns.adobe.com/xap/1.0/\0";
            let mut packets = jpeg.segments_by_marker(0xe1);
            let xmp = packets.find_map(|segment| segment.contents().strip_prefix(name));
            (jpeg.exif().map(|block| block.to_vec()), xmp.map(text))
        }
        OutputFormat::Png => {
            let png = Png::from_bytes(file).unwrap();
            let name = b"XML:com.adobe.xmp\0\0\0\0\0";
            let xmp = png.chunk_by_type(*b"iTXt");
            let xmp = xmp.map(|chunk| text(chunk.contents().strip_prefix(name).unwrap()));
            (png.exif().map(|block| block.to_vec()), xmp)
        }
        OutputFormat::Webp => {
            let webp = WebP::from_bytes(file).unwrap();
            let xmp = webp.chunk_by_id(*b"XMP ");
            let announced = webp
                .chunk_by_id(*b"VP8X")
                .unwrap()
                .content()
                .data()
                .unwrap()[0];
            assert_eq!(announced & 0x2c, 0x2c, "profile, EXIF and XMP");
            let xmp = xmp.map(|chunk| text(chunk.content().data().unwrap()));
            (webp.exif().map(|block| block.to_vec()), xmp)
        }
        OutputFormat::Avif => {
            let exif = exif::Reader::new().read_from_container(&mut Cursor::new(bytes));
            let start = bytes.windows(9).position(|window| window == b"<?xpacket");
            let xmp = start.map(|at| text(&bytes[at..]));
            (exif.ok().map(|exif| exif.buf().to_vec()), xmp)
        }
    }
}

fn fields(block: Vec<u8>) -> Vec<(Tag, String)> {
    let exif: Exif = exif::Reader::new().read_raw(block).unwrap();
    let text = |field: &Field| match &field.value {
        Value::Ascii(parts) => String::from_utf8(parts.concat()).unwrap(),
        other => panic!("{other:?}"),
    };
    exif.fields()
        .map(|field| (field.tag, text(field)))
        .collect()
}

#[test]
fn no_secret_survives_and_credits_and_colours_do() {
    let sources = [
        ("JPEG", hostile_jpeg(&exif(&CREDITS), XMP)),
        ("PNG", hostile_png()),
        ("WebP", hostile_webp()),
    ];
    let expected = CREDITS.map(|(tag, text)| (tag, text.to_owned()));
    for (name, source) in sources {
        assert!(holds(&source, SECRET), "{name}");
        for format in OutputFormat::ALL {
            let result = rendered(&source, &[("wm_format", format.as_str())]).unwrap();
            let bytes = &result.bytes;
            assert!(!holds(bytes, SECRET), "{name} to {format:?}");
            assert!(!holds(bytes, b"2026:11:20"), "{name} to {format:?}");
            let (exif, xmp) = blocks(format, bytes);
            assert_eq!(fields(exif.unwrap()), expected, "{name} to {format:?}");
            let xmp = xmp.unwrap();
            assert!(xmp.contains("<rdf:li>Ada &amp; Grace</rdf:li>"), "{xmp}");
            assert!(xmp.contains(">© Ada Ltd</rdf:li>"), "{xmp}");
            // PNG deflates its profile.
            assert!(
                format == OutputFormat::Png || holds(bytes, &display_p3()),
                "{name} to {format:?}"
            );
            // Turned, as XMP alone knows.
            assert_eq!(decoded(bytes).width(), 60);
        }
    }
}

/// The file is not coded again, and still says nothing that it should not.
#[test]
fn no_secret_survives_where_the_picture_is_copied() {
    let upright = XMP.replace("tiff:Orientation=\"6\"", "");
    let source = hostile_jpeg(&exif(&CREDITS), &upright);
    for recipe in [
        &[("quality", "keep")][..],
        &[],
        &[("quality", "keep"), ("copyright", "NWS")],
    ] {
        let result = rendered(&source, recipe).unwrap();
        assert_eq!(result.written, Written::Spliced, "{recipe:?}");
        let bytes = &result.bytes;
        assert!(!holds(bytes, SECRET), "{recipe:?}");
        assert!(!holds(bytes, b"2026:11:20"), "{recipe:?}");
        let copyright = recipe.get(1).map_or("© Ada Ltd", |(_, text)| text);
        let (exif, xmp) = blocks(OutputFormat::Jpeg, bytes);
        let expected = [(Tag::Artist, "Ada & Grace"), (Tag::Copyright, copyright)];
        let expected = expected.map(|(tag, text)| (tag, text.to_owned()));
        assert_eq!(fields(exif.unwrap()), expected);
        assert!(xmp.unwrap().contains(&format!(">{copyright}</rdf:li>")));
        assert!(holds(bytes, &display_p3()));
        assert!(bytes.ends_with(&[0xff, 0xd9]));
    }
}

#[test]
fn what_is_written_is_read_again() {
    for format in OutputFormat::ALL {
        let fields = [
            ("wm_format", format.as_str()),
            ("copyright", "NWS {year} <&>"),
        ];
        let result = rendered(&hostile_png(), &fields).unwrap();
        let header = inspect(Cursor::new(&result.bytes), &Limits::default()).unwrap();
        assert_eq!(header.exif.artist, "Ada & Grace", "{format:?}");
        assert_eq!(header.exif.copyright, "NWS 2026 <&>");
        assert_eq!(header.exif.date, "");
        assert_eq!(header.orientation, Orientation::AsStored);
    }
}

#[test]
fn credits_are_found_in_whatever_language_they_came() {
    let credits = |source: &[u8]| {
        let header = inspect(Cursor::new(source), &Limits::default()).unwrap();
        (
            header.exif.artist,
            header.exif.copyright,
            header.orientation,
        )
    };
    let (artist, copyright) = ("Ada & Grace".to_owned(), "© Ada Ltd".to_owned());
    let by_xmp = (artist.clone(), copyright.clone(), Orientation::TurnedRight);
    assert_eq!(credits(&hostile_jpeg(&exif(&[]), XMP)), by_xmp);
    let by_iptc = (artist, copyright, Orientation::AsStored);
    assert_eq!(credits(&hostile_jpeg(&exif(&[]), "")), by_iptc);
    assert_eq!(credits(&hostile_jpeg(b"broken", "<dc:creator>")), by_iptc);
}

#[test]
fn a_photo_that_says_nothing_gets_no_blocks() {
    let source = encoded(landscape(80, 60), ImageFormat::Png);
    for format in OutputFormat::ALL {
        let bytes = rendered(&source, &[("wm_format", format.as_str())])
            .unwrap()
            .bytes;
        for name in [&b"exif"[..], b"xpacket", b"ICCP", b"ICC_PROFILE"] {
            assert!(!holds(&bytes, name), "{format:?}");
        }
    }
}
