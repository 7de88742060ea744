//! Which font files a mark's letters are taken from.

use serde::{Deserialize, Serialize};

use super::{TEXT_CHARS_MAX, ValueError, schema};
use crate::Digest;

/// As many files as a text has characters: more than one each are of no use.
pub const FONT_FILES_MAX: usize = TEXT_CHARS_MAX;

/// Font files besides those inside the engine, by the SHA-256 of their bytes, in the order in which a character looks for
/// its glyph.
///
/// Files and not names: two machines that have a font of one name may have two versions of it, which give other bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Digest>", into = "Vec<Digest>")]
pub struct FontFiles(Vec<Digest>);

impl FontFiles {
    /// The files' digests.
    pub fn digests(&self) -> &[Digest] {
        &self.0
    }

    /// Whether the fonts inside the engine are enough.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<Digest>> for FontFiles {
    type Error = ValueError;

    fn try_from(digests: Vec<Digest>) -> Result<Self, ValueError> {
        let files = digests.len();
        if files > FONT_FILES_MAX {
            return Err(ValueError::outside(
                format!("{files} font files, {FONT_FILES_MAX} are allowed"),
                Some(files as u64),
                FONT_FILES_MAX as u64,
            ));
        }
        let twice = (1..files).find(|at| digests[..*at].contains(&digests[*at]));
        match twice {
            Some(at) => Err(ValueError::new(format!(
                "font file {} is named twice",
                digests[at]
            ))),
            None => Ok(Self(digests)),
        }
    }
}

impl From<FontFiles> for Vec<Digest> {
    fn from(files: FontFiles) -> Self {
        files.0
    }
}

schema! {
    FontFiles: {
        "type": "array", "maxItems": 256, "uniqueItems": true,
        "items": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
        "description": "SHA-256 of each font file that the text needs besides the fonts inside the engine, in the order in \
                        which a character looks for its glyph"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once_and_no_more_are_named_than_a_text_has_characters() {
        let digest = |at: usize| Digest::of(&at.to_be_bytes());
        let twice = FontFiles::try_from(vec![digest(1), digest(2), digest(1)]).unwrap_err();
        assert!(twice.to_string().contains(&digest(1).to_string()));
        let many = FontFiles::try_from((0..257).map(digest).collect::<Vec<_>>()).unwrap_err();
        assert_eq!((many.measured, many.limit), (Some(257), Some(256)));
        FontFiles::try_from((0..256).map(digest).collect::<Vec<_>>()).unwrap();
    }
}
