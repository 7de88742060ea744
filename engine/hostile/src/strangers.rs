//! What is no picture, or one that is not taken.

use crate::{Fate::Refused, File};

pub(crate) fn all() -> Vec<File> {
    let file = |name, word, bytes: &[u8]| File::new("other", name, Refused(word), bytes);
    let (unknown, unsupported) = ("unknown_format", "unsupported_format");
    vec![
        file("nothing", unknown, b""),
        file("two bytes of a JPEG", unknown, b"\xff\xd8"),
        file("a text", unknown, b"this is not a photo"),
        file("a PDF", unknown, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        file("a page", unknown, b"<html><script>alert(1)</script></html>"),
        file(
            "a program",
            unknown,
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
        ),
        file("an archive", unknown, b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0"),
        file("zeros", unknown, &[0; 4096]),
        file(
            "a drawing",
            unsupported,
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
        ),
        file(
            "a drawing that declares entities",
            unsupported,
            b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a \"aaaa\">]><svg/>",
        ),
        file("HEIC", unsupported, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        file(
            "BigTIFF",
            unsupported,
            b"II\x2b\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
        ),
    ]
}
