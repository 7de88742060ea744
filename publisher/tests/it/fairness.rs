//! No client takes all.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use backends::{
    Error, Quota,
    error::{Backend, Cause},
    quota::{Allowance, Taken},
};
use publisher::{
    auth::{self, Access, NewKey},
    fairness::Config,
};
use schemas::Digest;
use tokio::time::timeout;

use crate::support::{PATIENCE, Server, client::Answer, form::Form, photo};

/// A publisher that allows its clients so much.
async fn with(change: impl FnOnce(&mut Config)) -> Server {
    Server::of(|parts| change(&mut parts.fairness)).await
}

async fn upload(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let form = Form::new().image("a.png", &photo(1));
    server.upload(form, headers).await
}

#[tokio::test]
async fn a_client_that_uploads_too_much_is_told_when_to_come_back() {
    let server = with(|config| {
        config.upload_rate_per_min = 1;
        config.upload_burst_max = 2;
    })
    .await;
    for left in [1, 0] {
        let answer = upload(&server, &[]).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.header("ratelimit-policy"), "\"upload\";q=2;w=120");
        let told = answer.header("ratelimit");
        assert!(
            told.starts_with(&format!("\"upload\";r={left};t=")),
            "{told}"
        );
    }
    let refused = upload(&server, &[]).await;
    let problem = refused.problem(429);
    assert_eq!(problem["type"], "urn:nws:problem:too_many_requests");
    assert_eq!(problem["limit"], 1);
    let wait_secs: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait_secs), "{wait_secs}");
    assert!(refused.header("ratelimit").starts_with("\"upload\";r=0;t="));
    assert_eq!(refused.header("connection"), "close");
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn uploads_and_reads_have_limits_of_their_own() {
    let server = with(|config| {
        config.read_rate_per_min = 1;
        config.read_burst_max = 1;
    })
    .await;
    let path = format!("/status/{}", "0".repeat(64));
    assert_eq!(server.get(&path, &[]).await.status, 404);
    for path in [path.as_str(), &path.replace("status", "image"), "/events"] {
        server.get(path, &[]).await.problem(429);
    }
    let accepted = upload(&server, &[]).await;
    assert_eq!(accepted.status, 202);
    assert!(!accepted.headers.contains_key("ratelimit"));
    for path in ["/", "/health", "/limits", "/metrics", "/stats"] {
        assert_eq!(server.get(path, &[]).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn clients_behind_a_proxy_are_told_apart_and_cannot_make_themselves_others() {
    let server = with(|config| {
        config.upload_rate_per_min = 1;
        config.upload_burst_max = 1;
        config.trusted_proxies = 1;
    })
    .await;
    let from = |told: &'static str| [("x-forwarded-for", told)];
    assert_eq!(upload(&server, &from("1.1.1.1")).await.status, 202);
    assert_eq!(upload(&server, &from("2.2.2.2")).await.status, 202);
    upload(&server, &from("1.1.1.1")).await.problem(429);
    upload(&server, &from("3.3.3.3, 1.1.1.1"))
        .await
        .problem(429);
}

#[tokio::test]
async fn without_a_proxy_nobody_is_believed_to_be_another() {
    let server = with(|config| {
        config.upload_rate_per_min = 1;
        config.upload_burst_max = 1;
    })
    .await;
    assert_eq!(upload(&server, &[]).await.status, 202);
    let made_up = [("x-forwarded-for", "9.9.9.9")];
    upload(&server, &made_up).await.problem(429);
}

/// A publisher that lets in `key` alone, behind a proxy, where each address may read twice, and then once a minute.
async fn guarded_by(key: &NewKey) -> Server {
    let entry = key.entry("ann", "read".parse().unwrap()).unwrap();
    let config = auth::Config {
        auth_keys: entry.to_string(),
        ..auth::Config::default()
    };
    Server::of(|parts| {
        parts.access = Arc::new(Access::open(&config).unwrap());
        parts.fairness.read_rate_per_min = 1;
        parts.fairness.read_burst_max = 2;
        parts.fairness.trusted_proxies = 1;
    })
    .await
}

/// Asks where a job stands that there is not, with `key` and from `address`.
async fn ask(server: &Server, key: &str, address: &str) -> Answer {
    let path = format!("/status/{}", "0".repeat(64));
    let headers = [("x-api-key", key), ("x-forwarded-for", address)];
    server.get(&path, &headers).await
}

#[tokio::test]
async fn who_tries_credentials_runs_out_of_reads_and_is_not_looked_at_any_more() {
    let key = NewKey::new([1; 32]);
    let server = guarded_by(&key).await;
    for left in [1, 0] {
        let refused = ask(&server, "nws_bad", "1.1.1.1").await;
        refused.problem(401);
        let told = refused.header("ratelimit");
        assert_eq!(told, format!("\"read\";r={left};t=60"));
    }
    for _ in 0..20 {
        let refused = ask(&server, "nws_bad", "1.1.1.1").await;
        assert_eq!(refused.problem(429)["limit"], 1);
        let wait_secs: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait_secs), "{wait_secs}");
    }
    let metrics = server.metrics.text();
    let looked_at = r#"nws_auth_refusals_total{reason="key_unknown"} 3"#;
    assert!(metrics.contains(looked_at), "{metrics}");
    let form = Form::new().image("a.png", &photo(1));
    let upload = [("x-api-key", "nws_bad"), ("x-forwarded-for", "1.1.1.1")];
    let upload = server.upload(form, &upload).await;
    upload.problem(429);
    assert_eq!(upload.header("connection"), "close");
    let from = [("x-forwarded-for", "1.1.1.1")];
    assert_eq!(server.get("/health", &from).await.status, 200);
    assert_eq!(ask(&server, key.reveal(), "2.2.2.2").await.status, 404);
}

#[tokio::test]
async fn who_has_a_key_is_not_shut_out_by_strangers_at_the_same_address() {
    let key = NewKey::new([1; 32]);
    let server = guarded_by(&key).await;
    assert_eq!(ask(&server, key.reveal(), "1.1.1.1").await.status, 404);
    for _ in 0..5 {
        ask(&server, "nws_bad", "1.1.1.1").await;
    }
    ask(&server, "nws_bad", "1.1.1.1").await.problem(429);
    assert_eq!(ask(&server, key.reveal(), "1.1.1.1").await.status, 404);
}

#[tokio::test]
async fn who_shows_a_key_is_told_apart_from_others_at_the_same_address() {
    let keys = [(1, "ann"), (2, "bob")].map(|(seed, name)| (NewKey::new([seed; 32]), name));
    let entries = keys.each_ref().map(|(key, name)| {
        let entry = key.entry(name, "upload".parse().unwrap());
        entry.unwrap().to_string()
    });
    let config = auth::Config {
        auth_keys: entries.join(" "),
        ..auth::Config::default()
    };
    let server = Server::of(|parts| {
        parts.access = Arc::new(Access::open(&config).unwrap());
        parts.fairness.upload_rate_per_min = 1;
        parts.fairness.upload_burst_max = 1;
    })
    .await;
    let [one, other] = keys.map(|(key, _)| format!("Bearer {}", key.reveal()));
    let status = async |bearer: &str| upload(&server, &[("authorization", bearer)]).await.status;
    assert_eq!(status(&one).await, 202);
    assert_eq!(status(&one).await, 429);
    assert_eq!(status(&other).await, 202);
}

/// Counts for a fleet, as it is told to.
#[derive(Debug)]
struct Counts(Mutex<Vec<Result<Taken, Error>>>);

impl Counts {
    fn all(mut answers: Vec<Result<Taken, Error>>) -> Arc<dyn Quota> {
        answers.reverse();
        Arc::new(Self(Mutex::new(answers)))
    }
}

#[async_trait]
impl Quota for Counts {
    async fn take(
        &self,
        what: &'static str,
        _: &Digest,
        allowance: Allowance,
    ) -> Result<Taken, Error> {
        assert_eq!((what, allowance.requests.get()), ("upload", 5));
        self.0.lock().unwrap().pop().unwrap()
    }
}

#[tokio::test]
async fn what_the_fleet_refuses_is_refused_and_what_it_cannot_count_is_not() {
    let wait = Duration::from_secs(60);
    let more_in = Duration::from_millis(2500);
    let away = Error::new(Backend::Results, "take", Cause::Timeout(wait));
    let server = Server::of(|parts| {
        parts.fairness.fleet_upload_rate_per_min = 5;
        parts.quota = Some(Counts::all(vec![
            Ok(Taken::Counted { left: 3, more_in }),
            Err(away),
            Ok(Taken::Refused { wait }),
        ]));
    })
    .await;
    let counted = upload(&server, &[]).await;
    assert_eq!(counted.status, 202);
    assert_eq!(counted.header("ratelimit-policy"), "\"upload\";q=5;w=60");
    assert_eq!(counted.header("ratelimit"), "\"upload\";r=3;t=3");
    assert_eq!(upload(&server, &[]).await.status, 202);
    let refused = upload(&server, &[]).await;
    assert_eq!(refused.problem(429)["limit"], 5);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("ratelimit"), "\"upload\";r=0;t=60");
}

#[tokio::test]
async fn who_asks_while_the_fleet_has_it_wait_pays_nothing_here() {
    let (wait, more_in) = (Duration::from_secs(3), Duration::from_secs(60));
    let server = Server::of(|parts| {
        parts.fairness.upload_rate_per_min = 1;
        parts.fairness.upload_burst_max = 3;
        parts.fairness.fleet_upload_rate_per_min = 5;
        parts.quota = Some(Counts::all(vec![
            Ok(Taken::Refused { wait }),
            Ok(Taken::Counted { left: 4, more_in }),
        ]));
    })
    .await;
    for _ in 0..5 {
        assert_eq!(upload(&server, &[]).await.problem(429)["limit"], 5);
    }
    let after = async {
        loop {
            let answer = upload(&server, &[]).await;
            if answer.status != 429 {
                return answer;
            }
        }
    };
    let counted = timeout(PATIENCE, after).await.expect("its wait is over");
    assert_eq!(counted.status, 202);
    let policy = counted.header("ratelimit-policy");
    assert_eq!(policy, "\"upload\";q=3;w=180", "that is the scarcer one");
    let told = counted.header("ratelimit");
    assert!(told.starts_with("\"upload\";r=1;"), "{told}");
}
