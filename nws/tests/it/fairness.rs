//! What each client may ask for, at one publisher and at all of them together.

use reqwest::{Response, StatusCode};

use crate::{
    auth::printed,
    support::{
        client::Client,
        fleet::{namespace, role},
        picture::jpeg,
        process::Process,
    },
};

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .unwrap()
}

/// Asserts that it is one too many, and that it says when to come back.
#[track_caller]
fn assert_refused(answer: &Response, what: &str, wait_secs_max: u64) {
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait_secs: u64 = header(answer, "retry-after").parse().unwrap();
    assert!((1..=wait_secs_max).contains(&wait_secs), "{wait_secs}");
    let left = format!("\"{what}\";r=0;t={wait_secs}");
    assert_eq!(header(answer, "ratelimit"), left);
}

#[tokio::test]
async fn a_key_that_asks_too_much_is_told_when_to_come_back_and_another_is_not() {
    let (mut keys, mut lines) = (Vec::new(), Vec::new());
    for name in ["shop", "blog"] {
        let made = printed(&["key", "new", "--name", name, "--scope", "read"]).await;
        keys.push(made[0].clone());
        lines.push(made[1].clone());
    }
    let auth_keys = format!("auth_keys={}", lines.join(" "));
    let settings = [&auth_keys, "read_rate_per_min=1", "read_burst_max=2"];
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &settings).await;
    let [shop, blog] = [0, 1].map(|key: usize| Client::with_key(&process, &keys[key]));
    let path = format!("/status/{}", "0".repeat(64));
    for left in [1, 0] {
        let answer = shop.get(&path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let policy = header(&answer, "ratelimit-policy");
        assert_eq!(policy, "\"read\";q=2;w=120");
        let told = header(&answer, "ratelimit");
        assert_eq!(told, format!("\"read\";r={left};t=60"));
    }
    assert_refused(&shop.get(&path).await, "read", 60);
    assert_eq!(blog.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn two_publishers_let_a_client_upload_so_much_together() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("fair"));
    let limit = ["fleet_upload_rate_per_min=4"];
    let publishers = [
        role("publisher", &name, &data, &limit).await,
        role("publisher", &name, &data, &limit).await,
    ];
    let clients = publishers.each_ref().map(Client::of);
    for seed in 0..4 {
        let photo = jpeg(64, 48, seed);
        let answer = clients[usize::from(seed % 2)].post(&photo, &[]).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(header(&answer, "ratelimit-policy"), "\"upload\";q=4;w=60");
    }
    for client in &clients {
        let answer = client.post(&jpeg(64, 48, 4), &[]).await;
        assert_refused(&answer, "upload", 61);
    }
}
