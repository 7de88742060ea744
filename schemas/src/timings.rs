//! How long each step of a job took.

use std::{collections::BTreeMap, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A step on a job's way, in the order in which they happen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The upload's bytes arrived.
    Read,
    /// Their digest was taken, while they streamed.
    Hash,
    /// The original was written to the object store.
    Store,
    /// The job waited for a worker.
    Queue,
    /// The worker fetched the original.
    Fetch,
    /// Pixels were made of the bytes.
    Decode,
    /// Orientation and fit into the box.
    Resize,
    /// The mark was drawn.
    Watermark,
    /// Bytes were made of the pixels.
    Encode,
    /// The result was written to the object store.
    Save,
    /// From the upload's first byte to the saved result.
    Total,
}

impl Step {
    /// The word used in JSON and as the metrics' label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Hash => "hash",
            Self::Store => "store",
            Self::Queue => "queue",
            Self::Fetch => "fetch",
            Self::Decode => "decode",
            Self::Resize => "resize",
            Self::Watermark => "watermark",
            Self::Encode => "encode",
            Self::Save => "save",
            Self::Total => "total",
        }
    }
}

/// Milliseconds per step, for the steps that have ended. Kept in whole microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timings(BTreeMap<Step, Millis>);

impl Timings {
    /// Notes that `step` took `took`; a step that is done again replaces its figure.
    pub fn set(&mut self, step: Step, took: Duration) {
        self.0.insert(
            step,
            Millis(took.as_micros().try_into().unwrap_or(u64::MAX)),
        );
    }

    /// How long `step` took, if it has ended.
    pub fn get(&self, step: Step) -> Option<Duration> {
        self.0
            .get(&step)
            .map(|millis| Duration::from_micros(millis.0))
    }

    /// The steps that have ended, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Step, Duration)> + '_ {
        self.0
            .iter()
            .map(|(step, millis)| (*step, Duration::from_micros(millis.0)))
    }

    /// Takes over every figure of `later`.
    pub fn merge(&mut self, later: &Self) {
        self.0.extend(&later.0);
    }
}

/// Whole microseconds, written as milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
struct Millis(u64);

impl From<Millis> for f64 {
    fn from(millis: Millis) -> Self {
        millis.0 as Self / 1000.0
    }
}

impl TryFrom<f64> for Millis {
    type Error = String;

    fn try_from(millis: f64) -> Result<Self, String> {
        if !(0.0..=1e15).contains(&millis) {
            return Err(format!("{millis} is not a duration in milliseconds"));
        }
        Ok(Self((millis * 1000.0).round() as u64))
    }
}

impl JsonSchema for Timings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timings".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "milliseconds per step, for the steps that have ended",
            "propertyNames": generator.subschema_for::<Step>(),
            "additionalProperties": { "type": "number", "minimum": 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_are_milliseconds_in_json() {
        let mut timings = Timings::default();
        timings.set(Step::Decode, Duration::from_micros(12_345));
        let json = serde_json::to_string(&timings).unwrap();
        assert_eq!(json, r#"{"decode":12.345}"#);
        assert_eq!(serde_json::from_str::<Timings>(&json).unwrap(), timings);
    }
}
