//! Lossy WebP, in the extended container where there is more to tell than the picture.

use img_parts::{
    Bytes, ImageEXIF, ImageICC,
    riff::{RiffChunk, RiffContent},
    webp::{CHUNK_VP8X, CHUNK_XMP, WebP},
};
use webp::{Channels, Settings};

use crate::{
    metadata::Metadata,
    picture::Picture,
    pixels::{Layout, Pixels},
};

pub(super) fn write(
    picture: &Picture,
    metadata: &Metadata<'_>,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let bytes = match picture {
        Picture::Planes(planes) => {
            webp::encode_planes(planes, settings).map_err(|error| error.to_string())?
        }
        Picture::Pixels(pixels) => of_pixels(pixels, settings)?,
    };
    if *metadata == Metadata::default() {
        return Ok(bytes);
    }
    extended(bytes, metadata).map_err(|error| error.to_string())
}

fn of_pixels(picture: &Pixels, settings: Settings) -> Result<Vec<u8>, String> {
    let channels = match picture.layout {
        Layout::Rgb => Channels::Rgb,
        Layout::Rgba => Channels::Rgba,
        Layout::Gray | Layout::GrayAlpha => return Err("lossy WebP has no grey pixels".to_owned()),
    };
    let pixels = webp::Pixels {
        width: picture.width,
        height: picture.height,
        channels,
        bytes: &picture.bytes,
    };
    webp::encode(pixels, settings).map_err(|error| error.to_string())
}

fn extended(bytes: Vec<u8>, metadata: &Metadata<'_>) -> img_parts::Result<Vec<u8>> {
    let mut webp = WebP::from_bytes(bytes.into())?;
    webp.set_icc_profile(metadata.profile.map(Bytes::copy_from_slice));
    webp.set_exif(metadata.exif.clone().map(Bytes::from));
    if let Some(packet) = &metadata.xmp {
        let content = RiffContent::Data(Bytes::copy_from_slice(packet.as_bytes()));
        webp.chunks_mut().push(RiffChunk::new(CHUNK_XMP, content));
        announce_xmp(&mut webp);
    }
    Ok(webp.encoder().bytes().to_vec())
}

/// The header that the other blocks made says which there are; `img-parts` knows no XMP.
fn announce_xmp(webp: &mut WebP) {
    const XMP: u8 = 0x04;
    let header = webp
        .chunks_mut()
        .iter_mut()
        .find(|chunk| chunk.id() == CHUNK_VP8X);
    if let Some(RiffContent::Data(content)) = header.map(RiffChunk::content_mut) {
        let mut announced = content.to_vec();
        announced[0] |= XMP;
        *content = announced.into();
    }
}
