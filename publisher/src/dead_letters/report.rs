//! What came of a replay, letter by letter.

use backends::queue::{Death, dead::Letter};
use schemars::JsonSchema;
use serde::Serialize;

use super::Fate;

/// What came of the letters that were asked for.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The fate of each.
    pub letters: Vec<Told>,
    /// Those whose message was sent again.
    pub replayed: usize,
    /// Those that nobody needs any more.
    pub removed: usize,
    /// Those that lie there still.
    pub kept: usize,
}

/// What became of one letter.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Its id.
    pub id: String,
    /// Why it lay there.
    pub reason: Death,
    /// What became of it.
    #[schemars(with = "String")]
    pub fate: Fate,
}

impl Report {
    /// Counts a letter.
    pub fn tell(&mut self, letter: &Letter, fate: Fate) {
        let count = if fate.sends() {
            &mut self.replayed
        } else if fate.keeps() {
            &mut self.kept
        } else {
            &mut self.removed
        };
        *count += 1;
        self.letters.push(Told {
            id: letter.id.clone(),
            reason: letter.reason,
            fate,
        });
    }
}
