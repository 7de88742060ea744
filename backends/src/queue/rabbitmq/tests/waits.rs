//! How long messages wait on the ladder, as the broker's own notes tell it.

use std::{collections::BTreeSet, time::Instant};

use futures::StreamExt as _;
use lapin::{
    options::BasicConsumeOptions,
    types::{AMQPValue, FieldTable},
};

use super::{
    super::ladder::{LEVELS, UNIT},
    *,
};

/// In units of the ladder, so that every level that a test can wait for takes part.
const WAITS: std::ops::RangeInclusive<u32> = 1..=40;

#[tokio::test]
async fn the_ladder_keeps_the_jitter() {
    let subject = Networked::new().await;
    let started = Instant::now();
    for wait in WAITS {
        subject.wait(wait).await;
    }
    let (_connection, channel) = admin().await;
    let mut arrivals = channel
        .basic_consume(
            subject.queue.0.topology.jobs_queue(),
            "".into(),
            BasicConsumeOptions {
                no_ack: true,
                ..BasicConsumeOptions::default()
            },
            FieldTable::default(),
        )
        .await
        .unwrap();
    let mut waited = BTreeSet::new();
    for _ in WAITS {
        let arrival = within(arrivals.next()).await.unwrap().unwrap();
        let wait: u32 = std::str::from_utf8(&arrival.data).unwrap().parse().unwrap();
        assert!(started.elapsed() >= UNIT * wait, "{wait} came early");
        assert_eq!(units_waited(&arrival.properties), wait);
        waited.insert(wait);
    }
    assert!(waited.len() >= 30, "{waited:?}");
    subject.end().await;
}

impl Networked {
    /// Sends a message that names its wait.
    async fn wait(&self, units: u32) {
        let body = units.to_string();
        let properties = BasicProperties::default();
        let sent = self
            .queue
            .0
            .publish_later(UNIT * units, properties, body.as_bytes());
        sent.await.unwrap();
    }
}

/// The sum of the levels at which the broker says that the message died.
fn units_waited(properties: &BasicProperties) -> u32 {
    let headers = properties.headers().as_ref().unwrap().inner();
    let Some(AMQPValue::FieldArray(deaths)) = headers.get("x-death") else {
        panic!("it waited nowhere: {headers:?}");
    };
    let units = deaths.as_slice().iter().map(|death| match death {
        AMQPValue::FieldTable(death) => 1 << level(&death.inner()["queue"]),
        other => panic!("a death is a table, not {other:?}"),
    });
    units.sum()
}

fn level(queue: &AMQPValue) -> u32 {
    let AMQPValue::LongString(name) = queue else {
        panic!("a queue has a name, not {queue:?}");
    };
    let name = name.to_string();
    let level = name.rsplit('.').next().unwrap().parse().unwrap();
    assert!(level < LEVELS, "{name}");
    level
}
