//! The file around the frames: boxes in boxes (ISO/IEC 14496-12, 23008-12; AVIF 1.1).

use crate::Metadata;

/// Colours of BT.709 and sRGB, where no ICC profile says otherwise (ITU-T H.273).
pub(crate) const PRIMARIES: u8 = 1;
/// sRGB's curve.
pub(crate) const TRANSFER: u8 = 13;
/// BT.601's weights, as in JFIF.
pub(crate) const MATRIX: u8 = 6;

const COLOR_ID: u16 = 1;
const ALPHA_ID: u16 = 2;
const EXIF_ID: u16 = 3;
const XMP_ID: u16 = 4;
/// What an item is, in the words of its entry.
const FRAME: &[u8] = b"av01\0";
const EXIF: &[u8] = b"Exif\0";
const XMP: &[u8] = b"mime\0application/rdf+xml\0";
const ALPHA_URN: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0";

/// A coded picture, of which another may be the transparency.
pub(crate) struct Item {
    pub(crate) monochrome: bool,
    pub(crate) frame: Vec<u8>,
}

pub(crate) struct File<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) color: Item,
    pub(crate) alpha: Option<Item>,
    pub(crate) metadata: Metadata<'a>,
}

/// Bytes that the file holds as an item.
struct Part {
    id: u16,
    kind: &'static [u8],
    bytes: Vec<u8>,
}

impl File<'_> {
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut file = boxed(*b"ftyp", b"avif\0\0\0\0avifmif1miaf");
        // Where the parts lie is written before them, and is as long whatever it says.
        let parts = self.parts();
        let parts_at = file.len() + self.meta(&parts, 0).len() + 8;
        file.extend(self.meta(&parts, parts_at));
        let bytes: Vec<_> = parts.into_iter().flat_map(|part| part.bytes).collect();
        file.extend(boxed(*b"mdat", &bytes));
        file
    }

    /// The frames, then what is told beside them.
    fn parts(&self) -> Vec<Part> {
        let part = |id, kind, bytes| Part { id, kind, bytes };
        let frames = self
            .items()
            .map(|(id, item)| part(id, FRAME, item.frame.clone()));
        // The TIFF header begins right after the number that says where it begins.
        let exif = self.metadata.exif.map(|block| [&[0; 4], block].concat());
        let exif = exif.map(|bytes| part(EXIF_ID, EXIF, bytes));
        let xmp = self
            .metadata
            .xmp
            .map(|packet| part(XMP_ID, XMP, packet.into()));
        frames.chain(exif).chain(xmp).collect()
    }

    fn items(&self) -> impl Iterator<Item = (u16, &Item)> {
        let alpha = self.alpha.iter().map(|item| (ALPHA_ID, item));
        [(COLOR_ID, &self.color)].into_iter().chain(alpha)
    }

    fn meta(&self, parts: &[Part], parts_at: usize) -> Vec<u8> {
        let handler = [&[0; 4], b"pict" as &[u8], &[0; 13]].concat();
        let mut content = full_box(*b"hdlr", 0, 0, &handler);
        content.extend(full_box(*b"pitm", 0, 0, &COLOR_ID.to_be_bytes()));
        content.extend(locations(parts, parts_at));
        content.extend(kinds(parts));
        content.extend(self.references());
        content.extend(self.properties());
        full_box(*b"meta", 0, 0, &content)
    }

    /// Whose transparency the second item is, and what the metadata tells of.
    fn references(&self) -> Vec<u8> {
        let alpha = self.alpha.iter().map(|_| (*b"auxl", ALPHA_ID));
        let exif = self.metadata.exif.map(|_| (*b"cdsc", EXIF_ID));
        let xmp = self.metadata.xmp.map(|_| (*b"cdsc", XMP_ID));
        let references: Vec<u8> = alpha
            .chain(exif)
            .chain(xmp)
            .flat_map(|(kind, from)| {
                boxed(kind, &[from, 1, COLOR_ID].map(u16::to_be_bytes).concat())
            })
            .collect();
        if references.is_empty() {
            return Vec::new();
        }
        full_box(*b"iref", 0, 0, &references)
    }

    /// Properties, and which item has which, counted from one; the highest bit marks those that must be understood.
    fn properties(&self) -> Vec<u8> {
        const ESSENTIAL: u8 = 0x80;
        let mut properties = Properties::default();
        let size = [self.width, self.height].map(u32::to_be_bytes).concat();
        let size = properties.add(full_box(*b"ispe", 0, 0, &size));
        let mut owners = (self.items().count() as u32).to_be_bytes().to_vec();
        for (id, item) in self.items() {
            let mut own = vec![
                size,
                properties.add(item.channels()),
                properties.add(item.config()) | ESSENTIAL,
            ];
            if id == ALPHA_ID {
                own.push(properties.add(full_box(*b"auxC", 0, 0, ALPHA_URN)));
            } else {
                own.push(properties.add(color_numbers()));
                own.extend(
                    self.metadata.profile.map(|profile| {
                        properties.add(boxed(*b"colr", &[b"prof", profile].concat()))
                    }),
                );
            }
            owners.extend(id.to_be_bytes());
            owners.push(own.len() as u8);
            owners.extend(own);
        }
        let container = boxed(*b"ipco", &properties.boxes);
        boxed(
            *b"iprp",
            &[container, full_box(*b"ipma", 0, 0, &owners)].concat(),
        )
    }
}

/// Where each part's bytes lie, counted from the beginning of the file, in four bytes as their lengths are.
fn locations(parts: &[Part], parts_at: usize) -> Vec<u8> {
    let mut content = vec![0x44, 0];
    content.extend((parts.len() as u16).to_be_bytes());
    let mut at = parts_at as u32;
    for Part { id, bytes, .. } in parts {
        let length = bytes.len() as u32;
        content.extend(id.to_be_bytes());
        // In this file, and in one piece.
        content.extend([0, 0, 0, 1]);
        content.extend(at.to_be_bytes());
        content.extend(length.to_be_bytes());
        at += length;
    }
    full_box(*b"iloc", 0, 0, &content)
}

fn kinds(parts: &[Part]) -> Vec<u8> {
    let mut content = (parts.len() as u16).to_be_bytes().to_vec();
    for Part { id, kind, .. } in parts {
        let [high, low] = id.to_be_bytes();
        let entry = [&[high, low, 0, 0], *kind].concat();
        content.extend(full_box(*b"infe", 2, 0, &entry));
    }
    full_box(*b"iinf", 0, 0, &content)
}

#[derive(Default)]
struct Properties {
    count: u8,
    boxes: Vec<u8>,
}

impl Properties {
    /// Adds a property and returns its number.
    fn add(&mut self, property: Vec<u8>) -> u8 {
        self.boxes.extend(property);
        self.count += 1;
        self.count
    }
}

impl Item {
    /// Bits of each channel.
    fn channels(&self) -> Vec<u8> {
        let depths: &[u8] = if self.monochrome {
            &[1, 8]
        } else {
            &[3, 8, 8, 8]
        };
        full_box(*b"pixi", 0, 0, depths)
    }

    /// What a decoder must be able to do (AV1 Codec ISO Media File Format Binding 1.2, section 2.3).
    fn config(&self) -> Vec<u8> {
        const VERSION: u8 = 0x81;
        const MONOCHROME: u8 = 0x10;
        const HALVED_BOTH_WAYS: u8 = 0x0c;
        let monochrome = if self.monochrome { MONOCHROME } else { 0 };
        boxed(
            *b"av1C",
            &[
                VERSION,
                level(&self.frame),
                monochrome | HALVED_BOTH_WAYS,
                0,
            ],
        )
    }
}

/// The level in a sequence header for one still picture (AV1, section 5.5.1). Its first byte holds the profile, which is 0,
/// and two flags that are set; the five bits after them are the level. 31 is a level without limits.
fn level(frame: &[u8]) -> u8 {
    match *frame {
        [0x0a, _, first, second, ..] if first >> 3 == 0b00011 => (first & 7) << 2 | second >> 6,
        _ => 31,
    }
}

fn color_numbers() -> Vec<u8> {
    const FULL_RANGE: u8 = 0x80;
    let numbers = [0, PRIMARIES, 0, TRANSFER, 0, MATRIX, FULL_RANGE];
    boxed(*b"colr", &[b"nclx" as &[u8], &numbers].concat())
}

fn full_box(name: [u8; 4], version: u8, flags: u8, content: &[u8]) -> Vec<u8> {
    boxed(name, &[&[version, 0, 0, flags], content].concat())
}

fn boxed(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() + 8) as u32;
    [&length.to_be_bytes(), &name, content].concat()
}
