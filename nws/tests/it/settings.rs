//! What a wrong setting leads to.

use crate::support::process::nws;

async fn refused(arguments: &[&str], named: &str) {
    let output = nws(arguments).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
    assert!(said.contains(named), "{arguments:?}: {said}");
}

#[tokio::test]
async fn a_missing_or_wrong_setting_is_named_and_exits_with_64() {
    refused(&["worker"], "NWS_AMQP_URL").await;
    refused(&["publisher"], "NWS_REDIS_URL").await;
    refused(&["run", "--set", "worker_slots=many"], "worker_slots").await;
    refused(&["run", "--set", "no_such_key=1"], "no_such_key").await;
    refused(
        &["run", "--config", "/no/such/file.toml"],
        "/no/such/file.toml",
    )
    .await;
    refused(&["run", "--listen", "0.0.0.0:0"], "--insecure-public").await;
    refused(&["run", "--listen", "localhost:4805"], "IP:PORT").await;
    refused(
        &["run", "--set", "job_deadline_secs=0"],
        "job_deadline_secs",
    )
    .await;
    refused(
        &["config", "--set", "redis_url=redis+cluster://a:1/3"],
        "redis_url: database 3",
    )
    .await;
    let target = "webhook_url=https://example.com/";
    refused(&["run", "--set", target], "webhook_secrets").await;
    refused(
        &["run", "--set", "webhook_secrets=hush"],
        "webhook_secrets: secret 1",
    )
    .await;
    refused(&["rnu"], "rnu").await;
    refused(
        &["apply", "photo.jpg", "-o", "out", "--width", "0"],
        "width",
    )
    .await;
}

#[tokio::test]
async fn the_effective_configuration_names_its_sources_and_hides_secrets() {
    let mut command = nws(&["config", "--set", "grace_secs=7"]);
    command.env(
        "NWS_WEBHOOK_SECRETS",
        "whsec_hushhushhushhushhushhushhushhush",
    );
    command
        .env("NWS_AMQP_URL", "amqp://me:hush@broker")
        .env("NWS_S3_ENDPOINT", "http://user:hush@s3");
    command
        .env("NWS_S3_ACCESS_KEY", "key")
        .env("NWS_S3_SECRET_KEY", "hush");
    let output = command.output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!printed.contains("hush"), "{printed}");
    assert!(printed.contains("amqp://me:[redacted]@broker"), "{printed}");
    assert!(
        printed
            .lines()
            .any(|line| line.starts_with("grace_secs = 7")),
        "{printed}"
    );
    let table: toml::Table = printed.parse().expect("what is printed can be read again");
    assert_eq!(
        table["worker_slots"].as_integer().map(|slots| slots > 0),
        Some(true)
    );
}

#[tokio::test]
async fn every_setting_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, "grace_secs = 7\nlog = \"warn\"\nuploads_max = 9\n").unwrap();
    let mut command = nws(&["config", "--set", "uploads_max=8"]);
    command
        .args(["--listen", "127.0.0.1:4000", "--config"])
        .arg(&file)
        .env("NWS_LOG", "debug")
        .env("NWS_S3_REGION", "eu");
    let output = command.output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in [
        "data = \"nws-data\" # default".to_owned(),
        format!("grace_secs = 7 # {}", file.display()),
        "listen = \"127.0.0.1:4000\" # --listen".to_owned(),
        "log = \"debug\" # NWS_LOG".to_owned(),
        "s3_region = \"eu\" # NWS_S3_REGION".to_owned(),
        "uploads_max = 8 # --set".to_owned(),
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line} is not in\n{printed}"
        );
    }
}

#[tokio::test]
async fn a_variable_that_means_nothing_is_told() {
    let mut command = nws(&["config"]);
    command
        .env("NWS_LISTN", "127.0.0.1:4000")
        .env("NWS_CACHE", "/tmp/cache");
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("NWS_LISTN"), "{said}");
}
