//! What a client is told of its limit: `RateLimit-Policy` and `RateLimit`
//! ([draft-ietf-httpapi-ratelimit-headers-10](https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10)).

use axum::response::Response;
use http::{HeaderName, HeaderValue};

use super::{What, buckets::Left};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// `response`, with what is left.
pub(super) fn told(what: What, left: Left, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(POLICY, field(&policy(what, left)));
    headers.insert(LIMIT, field(&limit(what, left)));
    response
}

/// So many requests within a window of so many seconds.
fn policy(what: What, left: Left) -> String {
    let window_secs = whole_secs(left.refill);
    format!("\"{what}\";q={};w={window_secs}", left.burst_max)
}

/// So many are left, and after so many seconds there are more.
fn limit(what: What, left: Left) -> String {
    format!("\"{what}\";r={};t={}", left.requests, left.more_in_secs())
}

fn whole_secs(time: std::time::Duration) -> u64 {
    time.as_millis().div_ceil(1000) as u64
}

fn field(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("names and numbers are ASCII")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_client_reads_how_many_are_left_and_when_there_are_more() {
        let left = Left {
            requests: 25,
            burst_max: 100,
            refill: Duration::from_secs(200),
            is_allowed: true,
            more_in: Duration::from_millis(1500),
        };
        assert_eq!(policy(What::Upload, left), "\"upload\";q=100;w=200");
        assert_eq!(limit(What::Upload, left), "\"upload\";r=25;t=2");
    }
}
