//! What a target is told. The same notice has the same body, however often it is sent.

use backends::outbox::Notice;
use jiff::Timestamp;
use schemas::State;
use serde::Serialize;

/// A message, as Standard Webhooks has it: what happened, when, and the job as `/status` tells it.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: String,
    data: &'a State,
}

pub(super) fn body(notice: &Notice) -> Vec<u8> {
    let since_ms = i64::try_from(notice.since_ms).unwrap_or_default();
    let at = Timestamp::from_millisecond(since_ms);
    let payload = Payload {
        r#type: format!("job.{}", notice.state.status),
        timestamp: at.unwrap_or_default().to_string(),
        data: &notice.state,
    };
    serde_json::to_vec(&payload).expect("a state has only string keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use backends::outbox::NoticeId;
    use schemas::{Digest, EventId, JobId, Status, Timings};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_message_says_what_happened_when_and_how_the_job_stands() {
        let job = JobId::new(Digest::of(b"photo"));
        let mut state = State::queued(job, Timings::default());
        state.status = Status::Done;
        let notice = Notice {
            id: NoticeId {
                job,
                event: EventId::default(),
                target: Digest::of(b"url"),
            },
            url: "https://example.com/".to_owned(),
            owner: None,
            state: state.clone(),
            since_ms: 1_700_000_000_123,
            attempts: 3,
        };
        let told: Value = serde_json::from_slice(&body(&notice)).unwrap();
        assert_eq!(told["type"], "job.done");
        assert_eq!(told["timestamp"], "2023-11-14T22:13:20.123Z");
        assert_eq!(told["data"], serde_json::to_value(&state).unwrap());
        assert_eq!(told.as_object().unwrap().len(), 3);
    }
}
