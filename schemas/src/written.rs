//! How a result came to its bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a result was written, and so how much of the picture it lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Every pixel as it is.
    Lossless,
    /// At a quality of its format's own scale.
    #[serde(rename = "quality")]
    AtQuality(#[schemars(range(min = 1, max = 100))] u8),
    /// As the source was, by the tables that it was quantised by.
    AsSource,
    /// As the source is, but for the blocks beneath the mark: nothing else was coded again.
    Spliced,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_a_word_and_a_quality_has_its_number() {
        for (written, json) in [
            (Written::Lossless, r#""lossless""#),
            (Written::AtQuality(85), r#"{"quality":85}"#),
            (Written::AsSource, r#""as_source""#),
            (Written::Spliced, r#""spliced""#),
        ] {
            assert_eq!(serde_json::to_string(&written).unwrap(), json);
            assert_eq!(serde_json::from_str::<Written>(json).unwrap(), written);
        }
    }
}
