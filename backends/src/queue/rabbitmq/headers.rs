//! What travels beside a message's body: which attempt it is, what happened before, why it is dead.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use schemas::{Job, job::JOB_V1};

use crate::queue::{Attempt, Reason};

const ATTEMPT: &str = "x-nws-attempt";
const SNOOZES: &str = "x-nws-snoozes";
const HISTORY: &str = "x-nws-history";
pub(super) const REASON: &str = "x-nws-reason";
pub(super) const DEAD_AT: &str = "x-nws-dead-at";
pub(super) const CRASHES: &str = "x-nws-crashes";
/// The broker's: how often the message came back unsettled.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// Longest history: headers are copied with every hop down the ladder.
const HISTORY_BYTES_MAX: usize = 2048;
/// Most that is kept of what a message's sender wrote: ours have to fit into the same frame, which RabbitMQ ends at 128 KiB,
/// and who sends a longer one is thrown out.
const KEPT_BYTES_MAX: usize = 32 << 10;
/// On disk before it is confirmed.
const PERSISTENT: u8 = 2;

/// A new job's properties.
pub(super) fn of_job(job: &Job, now_ms: u64) -> BasicProperties {
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(job.id().to_string().into())
        .with_content_type("application/json".into())
        .with_type(JOB_V1.into())
        .with_timestamp(now_ms / 1000)
        .with_app_id("nws".into())
}

/// The properties for the next attempt.
pub(super) fn of_retry(before: &BasicProperties, history: &[Attempt]) -> BasicProperties {
    let next = attempt(before).saturating_add(1);
    republished(before, [(ATTEMPT, next.into()), (HISTORY, json(history))])
}

/// The properties for the same attempt, later.
pub(super) fn of_snooze(before: &BasicProperties) -> BasicProperties {
    let next = snoozes(before).saturating_add(1);
    republished(before, [(SNOOZES, next.into())])
}

/// The properties for the grave.
pub(super) fn of_burial(
    before: &BasicProperties,
    history: &[Attempt],
    reason: Reason,
    now_ms: u64,
) -> BasicProperties {
    let dead_at = i64::try_from(now_ms).unwrap_or(i64::MAX);
    republished(
        before,
        [
            (HISTORY, json(history)),
            (REASON, text(reason.as_str())),
            (DEAD_AT, dead_at.into()),
            (CRASHES, crashes(before).into()),
        ],
    )
}

/// The properties of a dead letter that gets another life, with what happened in the one before.
pub(super) fn of_replay(before: &BasicProperties) -> BasicProperties {
    let marks = [REASON, DEAD_AT, CRASHES, SNOOZES];
    without(before, |name| marks.contains(&name), [(ATTEMPT, 1.into())])
}

/// The attempt that a message is, 1-based. Its sender may have written the number as any of AMQP's integers.
pub(super) fn attempt(properties: &BasicProperties) -> u32 {
    integer(properties, ATTEMPT).unwrap_or(1).max(1)
}

/// How often a worker died with the message in hand.
pub(super) fn crashes(properties: &BasicProperties) -> u32 {
    integer(properties, DELIVERY_COUNT).unwrap_or(0)
}

/// How often the message waited without spending an attempt.
pub(super) fn snoozes(properties: &BasicProperties) -> u32 {
    integer(properties, SNOOZES).unwrap_or(0)
}

/// The attempts before. A history that cannot be read is no reason to hold up the message.
pub(super) fn history(properties: &BasicProperties) -> Vec<Attempt> {
    header(properties, HISTORY)
        .and_then(bytes)
        .and_then(|json| serde_json::from_slice(json).ok())
        .unwrap_or_default()
}

/// The properties of before, with `changes`, and without what the broker wrote.
///
/// The broker's notes have to go: before 4.0 it takes a message that says it was in a queue already for one that runs in
/// circles, and drops it.
fn republished<const N: usize>(
    before: &BasicProperties,
    changes: [(&'static str, AMQPValue); N],
) -> BasicProperties {
    without(before, |_| false, changes)
}

/// The same, without what is `dropped` either.
fn without<const N: usize>(
    before: &BasicProperties,
    dropped: impl Fn(&str) -> bool,
    changes: [(&'static str, AMQPValue); N],
) -> BasicProperties {
    let mut headers = kept(before, |name| {
        is_brokers(name) || dropped(name) || changes.iter().any(|(changed, _)| *changed == name)
    });
    for (name, value) in changes {
        headers.insert(name.into(), value);
    }
    // An expiration of the sender's would cut the wait short.
    let kept = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers);
    let kept = with(kept, before.message_id(), BasicProperties::with_message_id);
    let kept = with(
        kept,
        before.content_type(),
        BasicProperties::with_content_type,
    );
    let kept = with(kept, before.kind(), BasicProperties::with_type);
    let kept = with(kept, before.timestamp(), BasicProperties::with_timestamp);
    with(kept, before.app_id(), BasicProperties::with_app_id)
}

fn with<T: Clone>(
    properties: BasicProperties,
    value: &Option<T>,
    set: fn(BasicProperties, T) -> BasicProperties,
) -> BasicProperties {
    match value {
        Some(value) => set(properties, value.clone()),
        None => properties,
    }
}

/// The headers that are not `dropped`, as many as fit.
fn kept(before: &BasicProperties, dropped: impl Fn(&str) -> bool) -> FieldTable {
    let mut headers = FieldTable::default();
    let mut room = KEPT_BYTES_MAX;
    for (name, value) in before.headers().iter().flatten() {
        let size = entry_bytes(name.as_str(), value);
        if size <= room && !dropped(name.as_str()) {
            room -= size;
            headers.insert(name.clone(), value.clone());
        }
    }
    headers
}

/// What a header takes in a frame at most.
fn entry_bytes(name: &str, value: &AMQPValue) -> usize {
    name.len() + 1 + value_bytes(value)
}

fn value_bytes(value: &AMQPValue) -> usize {
    const NUMBER_BYTES_MAX: usize = 9;
    const LENGTH_BYTES_MAX: usize = 5;
    match value {
        AMQPValue::FieldArray(values) => {
            LENGTH_BYTES_MAX + values.as_slice().iter().map(value_bytes).sum::<usize>()
        }
        AMQPValue::FieldTable(table) => {
            let entries = table.inner().iter();
            let sizes = entries.map(|(name, value)| entry_bytes(name.as_str(), value));
            LENGTH_BYTES_MAX + sizes.sum::<usize>()
        }
        text => bytes(text).map_or(NUMBER_BYTES_MAX, |bytes| LENGTH_BYTES_MAX + bytes.len()),
    }
}

/// `CC` and `BCC` are the sender's, but the broker would route the retry to them as well.
fn is_brokers(name: &str) -> bool {
    ["x-death", "x-first-death-", "x-last-death-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || [DELIVERY_COUNT, "CC", "BCC"].contains(&name)
}

/// The newest attempts, as many as fit.
fn json(history: &[Attempt]) -> AMQPValue {
    let mut newest = history;
    loop {
        let json = serde_json::to_string(newest).expect("attempts have only string keys");
        if json.len() <= HISTORY_BYTES_MAX || newest.is_empty() {
            return text(&json);
        }
        newest = &newest[1..];
    }
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

pub(super) fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn bytes(value: &AMQPValue) -> Option<&[u8]> {
    match value {
        AMQPValue::LongString(text) => Some(text.as_bytes()),
        AMQPValue::ShortString(text) => Some(text.as_str().as_bytes()),
        AMQPValue::ByteArray(bytes) => Some(bytes.as_slice()),
        _ => None,
    }
}

pub(super) fn word(value: &AMQPValue) -> Option<&str> {
    std::str::from_utf8(bytes(value)?).ok()
}

pub(super) fn integer<T: TryFrom<i64>>(properties: &BasicProperties, name: &str) -> Option<T> {
    let number = match *header(properties, name)? {
        AMQPValue::ShortShortInt(number) => number.into(),
        AMQPValue::ShortShortUInt(number) => number.into(),
        AMQPValue::ShortInt(number) => number.into(),
        AMQPValue::ShortUInt(number) => number.into(),
        AMQPValue::LongInt(number) => number.into(),
        AMQPValue::LongUInt(number) => number.into(),
        AMQPValue::LongLongInt(number) => number,
        _ => return None,
    };
    T::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use lapin::types::ShortString;

    use super::*;

    fn with_headers<const N: usize>(headers: [(&'static str, AMQPValue); N]) -> BasicProperties {
        let mut table = FieldTable::default();
        for (header, value) in headers {
            table.insert(header.into(), value);
        }
        BasicProperties::default().with_headers(table)
    }

    fn entry(attempt: u32, message: &str) -> Attempt {
        Attempt {
            attempt,
            at_ms: 1,
            worker: "worker".into(),
            code: "timeout".into(),
            message: message.into(),
            wait_ms: Some(1),
        }
    }

    #[test]
    fn an_attempt_is_read_from_every_integer_type() {
        for three in [
            AMQPValue::ShortShortInt(3),
            AMQPValue::ShortShortUInt(3),
            AMQPValue::ShortInt(3),
            AMQPValue::ShortUInt(3),
            AMQPValue::LongInt(3),
            AMQPValue::LongUInt(3),
            AMQPValue::LongLongInt(3),
        ] {
            assert_eq!(attempt(&with_headers([(ATTEMPT, three)])), 3);
        }
    }

    #[test]
    fn an_attempt_that_is_none_is_the_first() {
        assert_eq!(attempt(&BasicProperties::default()), 1);
        for nonsense in [text("three"), AMQPValue::LongInt(-3), AMQPValue::LongInt(0)] {
            assert_eq!(attempt(&with_headers([(ATTEMPT, nonsense)])), 1);
        }
    }

    #[test]
    fn a_retry_keeps_the_senders_words_and_drops_the_brokers() {
        let before = with_headers([
            ("traceparent", text("00-aa-bb-01")),
            ("x-death", AMQPValue::Void),
            ("x-first-death-reason", text("expired")),
            ("x-last-death-queue", text("nws.delay.v1.00")),
            (DELIVERY_COUNT, AMQPValue::LongInt(2)),
            ("CC", AMQPValue::Void),
            ("BCC", AMQPValue::Void),
        ])
        .with_message_id("id".into())
        .with_expiration("1".into());
        let after = of_retry(&before, &[entry(1, "away")]);
        let headers = after.headers().as_ref().unwrap();
        let names: Vec<_> = headers.inner().keys().map(ShortString::as_str).collect();
        assert_eq!(names, ["traceparent", ATTEMPT, HISTORY]);
        assert_eq!((attempt(&after), crashes(&after)), (2, 0));
        assert_eq!(history(&after), [entry(1, "away")]);
        assert_eq!(after.message_id(), before.message_id());
        assert_eq!(
            (after.delivery_mode(), after.expiration()),
            (&Some(2), &None)
        );
    }

    #[test]
    fn a_snooze_is_counted_and_is_no_attempt() {
        let attempts = [entry(1, "away")];
        let before = of_retry(&BasicProperties::default(), &attempts);
        let after = of_snooze(&of_snooze(&before));
        assert_eq!((attempt(&after), snoozes(&after)), (2, 2));
        assert_eq!(history(&after), attempts);
        assert_eq!(snoozes(&of_retry(&after, &attempts)), 2);
    }

    #[test]
    fn a_long_history_loses_its_oldest_entries() {
        let long = "ä".repeat(120);
        let told: Vec<_> = (1..=10).map(|attempt| entry(attempt, &long)).collect();
        let properties = of_retry(&BasicProperties::default(), &told);
        let json = header(&properties, HISTORY).and_then(bytes).unwrap();
        assert!(json.len() <= HISTORY_BYTES_MAX, "{}", json.len());
        let kept = history(&properties);
        assert!(kept.len() > 3 && told.ends_with(&kept), "{}", kept.len());
    }

    #[test]
    fn what_does_not_fit_beside_our_headers_is_left_behind() {
        let long = || text(&"long".repeat(KEPT_BYTES_MAX / 4));
        let short = || text("short");
        let nested = with_headers([("inside", long())]).headers().clone();
        let before = with_headers([
            ("a", long()),
            ("b", AMQPValue::FieldTable(nested.unwrap())),
            (HISTORY, long()),
            ("y", short()),
        ]);
        let after = of_snooze(&before);
        let headers = after.headers().as_ref().unwrap();
        let names: Vec<_> = headers.inner().keys().map(ShortString::as_str).collect();
        assert_eq!(names, [SNOOZES, "y"]);
    }

    #[test]
    fn a_history_that_cannot_be_read_is_empty() {
        assert_eq!(history(&with_headers([(HISTORY, text("nonsense"))])), []);
    }
}
