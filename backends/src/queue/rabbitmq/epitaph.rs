//! What a dead letter's headers say of it: as a worker wrote them, else as the broker did.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};

use super::headers::{self, CRASHES, DEAD_AT, REASON, header, integer, word};
use crate::queue::{
    CRASHES_MAX, Death,
    dead::{Envelope, Letter},
};

/// The letter that a message with these `properties` is.
pub(super) fn letter(properties: &BasicProperties, body: &[u8]) -> Letter {
    let message_id = properties.message_id().as_ref();
    let (death, dead_at_ms) = death(properties);
    let crashes = match death {
        Death::DeliveryLimit => CRASHES_MAX + 1,
        _ => integer(properties, CRASHES).unwrap_or(0),
    };
    let envelope = Envelope {
        message_id: message_id.map(|id| id.as_str().to_owned()),
        death,
        dead_at_ms,
        attempt: headers::attempt(properties),
        crashes,
        history: headers::history(properties),
    };
    Letter::new(envelope, body)
}

/// Why and when.
fn death(properties: &BasicProperties) -> (Death, Option<u64>) {
    if let Some(reason) = header(properties, REASON).and_then(word) {
        return (Death::read(reason), integer(properties, DEAD_AT));
    }
    let Some(last) = last_death(properties) else {
        return (Death::Unknown, None);
    };
    let reason = last.inner().get("reason").and_then(word);
    let dead_at_ms = match last.inner().get("time") {
        Some(AMQPValue::Timestamp(seconds)) => Some(seconds.saturating_mul(1000)),
        _ => None,
    };
    (Death::read(reason.unwrap_or_default()), dead_at_ms)
}

/// The broker notes every queue that let the message go, the latest first. The earlier ones are the ladder's, where a
/// message expires at each step; that is what `x-first-death-reason` would tell.
fn last_death(properties: &BasicProperties) -> Option<&FieldTable> {
    let AMQPValue::FieldArray(deaths) = header(properties, "x-death")? else {
        return None;
    };
    match deaths.as_slice().first()? {
        AMQPValue::FieldTable(death) => Some(death),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::types::FieldArray;

    use super::*;

    fn text(text: &str) -> AMQPValue {
        AMQPValue::LongString(text.into())
    }

    fn table<const N: usize>(entries: [(&'static str, AMQPValue); N]) -> FieldTable {
        let mut table = FieldTable::default();
        for (name, value) in entries {
            table.insert(name.into(), value);
        }
        table
    }

    fn death_of<const N: usize>(headers: [(&'static str, AMQPValue); N]) -> (Death, Option<u64>) {
        death(&BasicProperties::default().with_headers(table(headers)))
    }

    fn brokers(reasons: &[&str]) -> AMQPValue {
        let mut deaths = FieldArray::default();
        for reason in reasons {
            let time = AMQPValue::Timestamp(1_700_000_000);
            let death = table([("reason", text(reason)), ("time", time)]);
            deaths.push(AMQPValue::FieldTable(death));
        }
        AMQPValue::FieldArray(deaths)
    }

    #[test]
    fn a_worker_knows_better_than_the_broker() {
        let told = death_of([
            (REASON, text("crash_loop")),
            (DEAD_AT, AMQPValue::LongLongInt(1_700_000_000_123)),
            ("x-death", brokers(&["expired"])),
        ]);
        let crash_loop = Death::Buried(crate::queue::Reason::CrashLoop);
        assert_eq!(told, (crash_loop, Some(1_700_000_000_123)));
    }

    #[test]
    fn a_message_that_came_down_the_ladder_did_not_expire() {
        let told = death_of([
            ("x-first-death-reason", text("expired")),
            ("x-death", brokers(&["delivery_limit", "expired"])),
        ]);
        assert_eq!(told, (Death::DeliveryLimit, Some(1_700_000_000_000)));
    }

    #[test]
    fn what_somebody_put_there_by_hand_is_a_letter_too() {
        for nonsense in [
            AMQPValue::Void,
            AMQPValue::FieldArray(FieldArray::default()),
            brokers(&["of old age"]),
        ] {
            assert_eq!(death_of([("x-death", nonsense)]).0, Death::Unknown);
        }
        assert_eq!(death(&BasicProperties::default()), (Death::Unknown, None));
    }
}
