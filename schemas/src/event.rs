//! A state with its place in the job's history.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::State;

/// An event's place: `<epoch>-<n>`. Every claim of a job begins a new epoch; `n` counts within it.
///
/// Ids of one job are ordered, so a client that names the last one it saw gets only newer events, and an event of an
/// older epoch (a worker that was thought dead) is refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct EventId {
    /// The claim it belongs to; seeded from the time in milliseconds, so it never starts again from nothing.
    pub epoch: u64,
    /// Its number within the epoch.
    pub n: u64,
}

/// One change of a job's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its place in the job's history.
    pub id: EventId,
    /// The state from then on.
    pub state: State,
}

/// The text is not `<epoch>-<n>`.
#[derive(Debug, thiserror::Error)]
#[error("not an event id: <epoch>-<n> with two whole numbers is expected")]
pub struct NotAnEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.n)
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let (epoch, n) = text.split_once('-').ok_or(NotAnEventId)?;
        let number = |text: &str| text.parse().map_err(|_| NotAnEventId);
        Ok(Self {
            epoch: number(epoch)?,
            n: number(n)?,
        })
    }
}

impl TryFrom<String> for EventId {
    type Error = NotAnEventId;

    fn try_from(text: String) -> Result<Self, NotAnEventId> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

impl JsonSchema for EventId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+-[0-9]+$",
            "description": "<epoch>-<n>: an event's place in the job's history",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_epoch_then_number() {
        let id = |text: &str| text.parse::<EventId>().unwrap();
        assert!(id("9-9") < id("10-0"));
        assert!(id("10-9") < id("10-10"));
        assert!("10".parse::<EventId>().is_err());
        assert_eq!(id("10-3").to_string(), "10-3");
    }
}
