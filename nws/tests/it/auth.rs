//! Keys, from the command that makes one to the image that it opens.

use load::process::signal;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::{
    support::{
        client::install_tls,
        picture::jpeg,
        process::{Process, nws},
        until,
    },
    tls::Site,
};

/// What `nws` prints, line by line.
pub(crate) async fn printed(arguments: &[&str]) -> Vec<String> {
    let output = nws(arguments).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_key_that_was_made_opens_and_its_image_needs_no_header() {
    install_tls();
    let made = printed(&["key", "new", "--name", "shop", "--scope", "upload,read"]).await;
    let [key, line] = &made[..] else {
        panic!("a key and its line are expected: {made:?}");
    };
    assert!(key.starts_with("nws_") && !line.contains(key), "{made:?}");
    let link_key = printed(&["key", "link", "--id", "a"]).await.concat();
    let keys = format!("auth_keys={line}");
    let links = format!("link_keys={link_key}");
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[&keys, &links]).await;
    let http = Client::new();

    let upload = || {
        let form =
            "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n";
        let mut body = form.as_bytes().to_vec();
        body.extend(jpeg(64, 48, 1));
        body.extend(b"\r\n--b--\r\n");
        http.post(format!("{}/upload", process.url))
            .header("content-type", "multipart/form-data; boundary=b")
            .body(body)
    };
    let refused = upload().send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().contains_key("www-authenticate"));
    let accepted = upload().bearer_auth(key).send().await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    let job: Value = accepted.json().await.unwrap();
    let image = format!("{}{}", process.url, job["url"].as_str().unwrap());
    until(async || http.get(&image).send().await.unwrap().status() == StatusCode::OK).await;
    let unsigned = image.split('?').next().unwrap();
    let refused = http.get(unsigned).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn with_keys_it_listens_beyond_loopback() {
    let made = printed(&["key", "new", "--name", "shop", "--scope", "read"]).await;
    let keys = format!("auth_keys={}", made[1]);
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[&keys, "listen=0.0.0.0:0"]).await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_name_that_is_not_known_is_answered_nothing_until_it_is_listed() {
    install_tls();
    let asked = async |settings: &[&str]| {
        let data = tempfile::tempdir().unwrap();
        let process = Process::embedded(data.path(), settings).await;
        let asked = Client::new().get(format!("{}/stats", process.url));
        let answer = asked.header("host", "shop.example").send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, told) = asked(&[]).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert!(
        told.contains("shop.example") && told.contains("allowed_hosts"),
        "{told}"
    );
    let listed = ["insecure_public=true", "allowed_hosts=another.example"];
    assert_eq!(asked(&listed).await.0, StatusCode::MISDIRECTED_REQUEST);
    for setting in ["allowed_hosts=shop.example", "insecure_public=true"] {
        let (status, told) = asked(&[setting]).await;
        assert_eq!(status, StatusCode::OK, "{setting}: {told}");
    }
}

#[tokio::test]
async fn a_hangup_takes_a_key_away_and_a_broken_file_takes_none() {
    install_tls();
    let made = printed(&["key", "new", "--name", "shop", "--scope", "read"]).await;
    let (key, line) = (&made[0], &made[1]);
    let other = printed(&["key", "new", "--name", "other", "--scope", "read"]).await;
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys");
    std::fs::write(&file, format!("{line}\n{}\n", other[1])).unwrap();
    let keys = format!("auth_keys_file={}", file.display());
    let settings = [keys.as_str(), "auth_reload_secs=86400"];
    let mut site = Site::start(&data.path().join("data"), &settings).await;
    let url = format!("http://{}/stats", site.address);
    let status = async || {
        let asked = Client::new().get(&url).bearer_auth(key);
        asked.send().await.unwrap().status()
    };
    assert_eq!(status().await, StatusCode::OK);

    std::fs::write(&file, format!("{}\nshop:read\n", other[1])).unwrap();
    signal("HUP", site.process.id().unwrap()).await.unwrap();
    site.says("/keys: line 2: ").await;
    assert_eq!(status().await, StatusCode::OK);

    std::fs::write(&file, &other[1]).unwrap();
    signal("HUP", site.process.id().unwrap()).await.unwrap();
    site.says("count from now on").await;
    assert_eq!(status().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn settings_of_access_that_cannot_be_meant_stop_the_start_by_name() {
    for (setting, named) in [
        ("auth_keys=shop", "auth_keys: \"shop\" is not"),
        (
            "auth_keys_file=/no/such/file",
            "auth_keys_file: /no/such/file",
        ),
        (
            "auth_jwks_url=http://id.example/",
            "auth_jwks_url: https://",
        ),
        (
            "auth_jwt_issuer=https://id.example/",
            "auth_jwt_issuer: is set, but no key",
        ),
        (
            "auth_jwks_refresh_secs=60",
            "auth_jwks_refresh_secs: is set, but auth_jwks_url is not",
        ),
        ("link_keys=hush", "link_keys: the key in place 1"),
        (
            "cors_origins=https://a.example/page",
            "cors_origins: \"https://a.example/page\"",
        ),
        (
            "allowed_hosts=https://a.example",
            "allowed_hosts: \"https://a.example\"",
        ),
    ] {
        let mut command = nws(&["run", "--listen", "127.0.0.1:0", "--set", setting]);
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{setting}: {said}");
        assert!(said.contains(named), "{setting}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
    let mut command = nws(&["key", "new", "--name", "shop", "--scope", "raed"]);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(64));
}

#[tokio::test]
async fn the_key_of_links_is_not_shown() {
    let link_key = printed(&["key", "link", "--id", "a"]).await.concat();
    let secret = link_key.split(':').nth(1).unwrap();
    let shop = printed(&["key", "new", "--name", "shop", "--scope", "read"]).await;
    let (keys, links) = (
        format!("auth_keys={}", shop[1]),
        format!("link_keys={link_key}"),
    );
    let shown = printed(&["config", "--set", &keys, "--set", &links]).await;
    assert!(
        shown
            .iter()
            .any(|line| line.starts_with("link_keys = \"[redacted]\""))
    );
    assert!(!shown.concat().contains(secret));
}
