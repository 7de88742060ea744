//! What a target is told. The same notice has the same body, however often it is sent: its image's link too is signed as of
//! when the notice came into being, and stays the same while the key does.

use backends::outbox::Notice;
use jiff::Timestamp;
use schemas::State;
use serde::Serialize;

use crate::auth::Access;

/// A message, as Standard Webhooks has it: what happened, when, and the job as `/status` tells it.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: String,
    data: &'a State,
}

pub(super) fn body(notice: &Notice, access: &Access) -> Vec<u8> {
    let mut state = notice.state.clone();
    let link = |path| access.link_of(path, notice.since_ms / 1000);
    state.url = state.url.map(link);
    let since_ms = i64::try_from(notice.since_ms).unwrap_or_default();
    let at = Timestamp::from_millisecond(since_ms);
    let payload = Payload {
        r#type: format!("job.{}", notice.state.status),
        timestamp: at.unwrap_or_default().to_string(),
        data: &state,
    };
    serde_json::to_vec(&payload).expect("a state has only string keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use backends::outbox::NoticeId;
    use schemas::{Digest, EventId, JobId, Status, Timings};
    use serde_json::Value;

    use super::*;
    use crate::auth;

    fn notice() -> Notice {
        let job = JobId::new(Digest::of(b"photo"));
        let mut state = State::queued(job, Timings::default());
        state.status = Status::Done;
        Notice {
            id: NoticeId {
                job,
                event: EventId::default(),
                target: Digest::of(b"url"),
            },
            url: "https://example.com/".to_owned(),
            owner: None,
            state,
            since_ms: 1_700_000_000_123,
            attempts: 3,
        }
    }

    #[test]
    fn the_link_to_an_image_is_signed_as_of_when_the_notice_came_into_being() {
        let config = auth::Config {
            auth_keys: format!("shop:read:{}", "0".repeat(64)),
            link_keys: auth::new_link_key("a", [1; 32]).unwrap(),
            ..auth::Config::default()
        };
        let access = Access::open(&config).unwrap();
        let mut notice = notice();
        notice.state.url = Some("/image/1".to_owned());
        let told: Value = serde_json::from_slice(&body(&notice, &access)).unwrap();
        let link = told["data"]["url"].as_str().unwrap();
        assert!(link.starts_with("/image/1?exp=17000"), "{link}");
        assert!(link.contains("&kid=a&sig="), "{link}");
    }

    #[test]
    fn a_message_says_what_happened_when_and_how_the_job_stands() {
        let notice = notice();
        let told: Value = serde_json::from_slice(&body(&notice, &Access::default())).unwrap();
        assert_eq!(told["type"], "job.done");
        assert_eq!(told["timestamp"], "2023-11-14T22:13:20.123Z");
        assert_eq!(told["data"], serde_json::to_value(&notice.state).unwrap());
        assert_eq!(told.as_object().unwrap().len(), 3);
    }
}
