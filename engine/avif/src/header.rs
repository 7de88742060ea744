//! What a file says of its picture, read from its `meta` box (ISO/IEC 23008-12, section 6).

use std::ops::Range;

use crate::parser::{Boxed, Parser, Unreadable};

/// A still picture, and where in the file its parts lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels as coded, before [`exif_orientation`](Self::exif_orientation).
    pub width: u32,
    /// Height in pixels as coded.
    pub height: u32,
    /// How the picture is turned for display, as EXIF numbers it. What an EXIF block says besides is to be ignored.
    pub exif_orientation: u8,
    /// The coded picture.
    pub color: Range<u64>,
    /// The coded transparency.
    pub alpha: Option<Range<u64>>,
    /// An EXIF block, after four bytes that say where in it the TIFF header begins.
    pub exif: Option<Range<u64>>,
    /// An ICC profile.
    pub profile: Option<Vec<u8>>,
}

/// An item of the file.
#[derive(Default)]
struct Item {
    id: u32,
    kind: [u8; 4],
    place: Option<Range<u64>>,
    properties: Vec<usize>,
}

/// More items than a still picture with transparency, thumbnails and metadata has.
const ITEMS_MAX: usize = 256;

impl Header {
    /// Reads the content of a `meta` box.
    ///
    /// # Errors
    /// When it is broken, or the picture is not one coded frame in one piece.
    pub fn parse(meta: &[u8]) -> Result<Self, Unreadable> {
        let boxes = Parser::new(meta.get(4..).unwrap_or_default()).boxes()?;
        let mut items = items(child(&boxes, b"iinf")?)?;
        place(&mut items, child(&boxes, b"iloc")?)?;
        let properties = Parser::new(child(&boxes, b"iprp")?).boxes()?;
        own(&mut items, child(&properties, b"ipma")?)?;
        let properties = Parser::new(child(&properties, b"ipco")?).boxes()?;
        let primary = primary(child(&boxes, b"pitm")?)?;
        let references = child(&boxes, b"iref").unwrap_or_default();
        Self::of(&items, &properties, primary, references)
    }

    fn of(
        items: &[Item],
        properties: &[Boxed<'_>],
        primary: u32,
        references: &[u8],
    ) -> Result<Self, Unreadable> {
        let color = items.iter().find(|item| item.id == primary);
        let color = color.ok_or(Unreadable("it has no primary picture"))?;
        match &color.kind {
            b"av01" => {}
            b"grid" => return Err(Unreadable("pictures of several tiles are not supported")),
            _ => return Err(Unreadable("its picture is not coded by AV1")),
        }
        let of_color = |name: &[u8; 4]| color.property(properties, name);
        let size = of_color(b"ispe").ok_or(Unreadable("its picture has no dimensions"))?;
        let mut size = Parser::new(size.get(4..).unwrap_or_default());
        let auxiliary = referring(references, *b"auxl", primary)?;
        let alpha = items.iter().find(|item| {
            auxiliary.contains(&item.id) && item.property(properties, b"auxC").is_some_and(is_alpha)
        });
        let exif = items.iter().find(|item| &item.kind == b"Exif");
        Ok(Self {
            width: size.u32()?,
            height: size.u32()?,
            exif_orientation: orientation(of_color(b"irot"), of_color(b"imir")),
            color: color
                .place
                .clone()
                .ok_or(Unreadable("its picture is not in one piece"))?,
            alpha: alpha.and_then(|item| item.place.clone()),
            exif: exif.and_then(|item| item.place.clone()),
            profile: color.profile(properties),
        })
    }
}

impl Item {
    fn property<'a>(&self, properties: &[Boxed<'a>], name: &[u8; 4]) -> Option<&'a [u8]> {
        let mut own = self
            .properties
            .iter()
            .filter_map(|&at| properties.get(at.checked_sub(1)?));
        own.find(|property| &property.name == name)
            .map(|property| property.content)
    }

    fn profile(&self, properties: &[Boxed<'_>]) -> Option<Vec<u8>> {
        let own = self
            .properties
            .iter()
            .filter_map(|&at| properties.get(at.checked_sub(1)?));
        own.filter(|property| &property.name == b"colr")
            .find_map(|property| {
                property
                    .content
                    .strip_prefix(b"prof")
                    .or(property.content.strip_prefix(b"rICC"))
            })
            .map(<[u8]>::to_vec)
    }
}

fn child<'a>(boxes: &[Boxed<'a>], name: &[u8; 4]) -> Result<&'a [u8], Unreadable> {
    let found = boxes.iter().find(|boxed| &boxed.name == name);
    found
        .map(|boxed| boxed.content)
        .ok_or(Unreadable("a part of its header is missing"))
}

fn primary(content: &[u8]) -> Result<u32, Unreadable> {
    let mut parser = Parser::new(content);
    let version = parser.version()?;
    parser.id(version > 0)
}

/// The items' kinds, from `iinf`.
fn items(content: &[u8]) -> Result<Vec<Item>, Unreadable> {
    let mut parser = Parser::new(content);
    let count = if parser.version()? == 0 {
        parser.u16()?.into()
    } else {
        parser.u32()?
    };
    let entries = parser.boxes()?;
    if count as usize > ITEMS_MAX || entries.len() > ITEMS_MAX {
        return Err(Unreadable("it has too many items"));
    }
    let item = |entry: &Boxed<'_>| {
        let mut parser = Parser::new(entry.content);
        let version = parser.version()?;
        let id = parser.id(version > 2)?;
        parser.u16()?;
        let kind = parser.array()?;
        Ok(Item {
            id,
            kind,
            ..Item::default()
        })
    };
    entries.iter().map(item).collect()
}

/// Notes where in the file each item lies that lies there in one piece, from `iloc`.
fn place(items: &mut [Item], content: &[u8]) -> Result<(), Unreadable> {
    let mut parser = Parser::new(content);
    let version = parser.version()?;
    let [sizes, more_sizes] = parser.array()?;
    let (offset_size, length_size) = (sizes >> 4, sizes & 15);
    let (base_size, index_size) = (
        more_sizes >> 4,
        if version == 0 { 0 } else { more_sizes & 15 },
    );
    let count = if version < 2 {
        parser.u16()?.into()
    } else {
        parser.u32()?
    };
    for _ in 0..count {
        let id = parser.id(version > 1)?;
        let in_file = version == 0 || parser.u16()? & 15 == 0;
        parser.u16()?;
        let base = parser.number(base_size)?;
        let extents = parser.u16()?;
        if extents != 1 {
            // At once: extents without bytes of their own would be steps that the file does not pay for.
            let extent = [index_size, offset_size, length_size].map(usize::from);
            parser.skip(usize::from(extents) * extent.iter().sum::<usize>())?;
            continue;
        }
        parser.number(index_size)?;
        let (offset, length) = (parser.number(offset_size)?, parser.number(length_size)?);
        let item = items.iter_mut().find(|item| item.id == id);
        if let (Some(item), true) = (item, in_file) {
            let start = base.checked_add(offset);
            let end = start.and_then(|start| start.checked_add(length));
            item.place = start.zip(end).map(|(start, end)| start..end);
        }
    }
    Ok(())
}

/// Notes which properties each item has, from `ipma`.
fn own(items: &mut [Item], content: &[u8]) -> Result<(), Unreadable> {
    let mut parser = Parser::new(content);
    let [version, _, _, flags] = parser.array()?;
    for _ in 0..parser.u32()? {
        let id = parser.id(version > 0)?;
        let item = items.iter_mut().find(|item| item.id == id);
        let count = parser.byte()?;
        let numbers = (0..count).map(|_| {
            // The highest bit says that the property must be understood.
            Ok(if flags & 1 == 0 {
                usize::from(parser.byte()? & 0x7f)
            } else {
                usize::from(parser.u16()? & 0x7fff)
            })
        });
        let numbers = numbers.collect::<Result<Vec<_>, Unreadable>>()?;
        if let Some(item) = item {
            item.properties = numbers;
        }
    }
    Ok(())
}

/// The items that say of themselves to be `kind` of the item `to`, from `iref`.
fn referring(content: &[u8], kind: [u8; 4], to: u32) -> Result<Vec<u32>, Unreadable> {
    if content.is_empty() {
        return Ok(Vec::new());
    }
    let mut parser = Parser::new(content);
    let wide = parser.version()? > 0;
    let mut from = Vec::new();
    for reference in parser
        .boxes()?
        .iter()
        .filter(|reference| reference.name == kind)
    {
        let mut parser = Parser::new(reference.content);
        let id = parser.id(wide)?;
        for _ in 0..parser.u16()? {
            if parser.id(wide)? == to {
                from.push(id);
            }
        }
    }
    Ok(from)
}

fn is_alpha(content: &[u8]) -> bool {
    const NAMES: [&[u8]; 2] = [
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0",
        b"urn:mpeg:hevc:2015:auxid:1\0",
    ];
    content
        .get(4..)
        .is_some_and(|name| NAMES.iter().any(|alpha| name.starts_with(alpha)))
}

/// First turned to the left by quarters, then mirrored: top and bottom change places, or, with 1, left and right.
fn orientation(turn: Option<&[u8]>, mirror: Option<&[u8]>) -> u8 {
    let quarters = turn
        .and_then(|content| content.first())
        .map_or(0, |turn| turn & 3);
    let mirror = mirror
        .and_then(|content| content.first())
        .map(|axis| axis & 1);
    match (quarters, mirror) {
        (0, None) => 1,
        (1, None) => 8,
        (2, None) => 3,
        (_, None) => 6,
        (0, Some(0)) | (2, Some(1)) => 4,
        (0, Some(_)) | (2, Some(_)) => 2,
        (1, Some(0)) | (3, Some(1)) => 5,
        (_, Some(_)) => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As libavif turns EXIF's numbers into the file's properties.
    #[test]
    fn turns_and_mirrors_are_those_of_exif() {
        let expected = [
            (1, None, None),
            (2, None, Some([1])),
            (3, Some([2]), None),
            (4, None, Some([0])),
            (5, Some([1]), Some([0])),
            (6, Some([3]), None),
            (7, Some([3]), Some([0])),
            (8, Some([1]), None),
        ];
        for (number, turn, mirror) in expected {
            let [turn, mirror] =
                [&turn, &mirror].map(|content| content.as_ref().map(<[u8; 1]>::as_slice));
            assert_eq!(orientation(turn, mirror), number);
        }
    }

    #[test]
    fn any_beginning_of_a_description_is_read_or_refused() {
        let file = crate::encode(
            &planes::Planes::gray(planes::Plane::new(8, 8, vec![9; 64])),
            Some(planes::Plane::new(8, 8, vec![9; 64])),
            crate::Metadata {
                profile: Some(b"profile"),
                ..Default::default()
            },
            crate::Settings {
                quality: 50,
                speed: 9,
            },
        )
        .unwrap();
        let meta = file
            .windows(4)
            .position(|window| window == b"meta")
            .unwrap()
            + 4;
        for end in meta..file.len() {
            let parsed = Header::parse(&file[meta..end]);
            assert!(parsed.is_err() || end > meta + 100);
        }
    }
}
