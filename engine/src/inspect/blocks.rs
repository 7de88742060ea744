//! Metadata as a file has it, in three languages that say the same.

use schemas::recipe::ExifTexts;

use super::{exif, iptc, xmp};
use crate::{limits::METADATA_BYTES_MAX, orient::Orientation};

/// Longest block that is looked into.
pub(super) const BLOCK_BYTES_MAX: u32 = METADATA_BYTES_MAX as u32;
/// Longest text, in characters: as long as a mark may be.
const TEXT_CHARS_MAX: usize = 256;

/// Blocks that were not looked into yet.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// A TIFF block.
    pub(super) exif: Option<Vec<u8>>,
    /// An RDF packet.
    pub(super) xmp: Option<Vec<u8>>,
    /// Photoshop's image resources, one of which holds IPTC.
    pub(super) resources: Option<Vec<u8>>,
}

/// What a block says. Whatever is broken in it is as if it were not there.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) orientation: Option<Orientation>,
    pub(super) texts: ExifTexts,
}

impl Blocks {
    pub(super) const fn of_exif(exif: Option<Vec<u8>>) -> Self {
        Self {
            exif,
            xmp: None,
            resources: None,
        }
    }

    /// All that is said, by EXIF where it says something, else by XMP, else by IPTC.
    pub(super) fn read(self) -> Said {
        let mut said = self.exif.as_deref().map(exif::read).unwrap_or_default();
        if let Some(packet) = self.xmp {
            said.complete(xmp::read(&packet));
        }
        if let Some(resources) = self.resources {
            said.complete(iptc::read(&resources));
        }
        said
    }
}

impl Said {
    fn complete(&mut self, other: Self) {
        self.orientation = self.orientation.or(other.orientation);
        let ours = [
            &mut self.texts.date,
            &mut self.texts.artist,
            &mut self.texts.copyright,
        ];
        let theirs = [other.texts.date, other.texts.artist, other.texts.copyright];
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            if ours.is_empty() {
                *ours = theirs;
            }
        }
    }
}

/// A text without what cannot be drawn, and no longer than a mark may be.
pub(super) fn drawable(text: &str) -> String {
    let drawable: String = text
        .chars()
        .filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
        .take(TEXT_CHARS_MAX)
        .collect();
    drawable.trim().to_owned()
}
