//! Dead letters as their operator meets them: found, read, replayed and dropped with `nws dlq`.

use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use schemas::{Digest, Job};
use serde_json::Value;
use tokio::process::Command;

use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::jpeg,
    process::{Process, nws, nws_of_fleet},
    stranger::{publish, publish_as, recipe, take_and_die},
    until,
};

/// Deaths that a message survives; the next one is its end.
const CRASHES_MAX: u32 = 5;

#[tokio::test]
async fn a_job_whose_workers_all_died_is_told_listed_and_replayed() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("crash-loop"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let id = client.upload(&jpeg(600, 400, 1), &[]).await;
    for _ in 0..=CRASHES_MAX {
        take_and_die(&name).await;
    }

    // Whoever watches has heard nothing yet, and hears it from the first worker that lives.
    let (events, _worker) = tokio::join!(client.follow(&id), role("worker", &name, &data, &[]));
    let end = &events.last().unwrap().data;
    assert_eq!(
        (&end["status"], &end["error"]["code"]),
        (&"dead".into(), &"crash_loop".into())
    );

    let letters = listed(&mut dlq(&name, &["ls"])).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["id"], *id);
    assert_eq!(letters[0]["reason"], "delivery_limit");
    assert_eq!(letters[0]["crashes"], CRASHES_MAX + 1);

    let (code, report) = json(&mut dlq(&name, &["replay", &id])).await;
    assert_eq!(
        (code, &report["letters"][0]["fate"]),
        (0, &"replayed".into()),
        "{report}"
    );
    assert_eq!(client.ended(&id).await["status"], "done");
    assert_eq!(listed(&mut dlq(&name, &["ls"])).await, Vec::<Value>::new());
}

#[tokio::test]
async fn poison_is_kept_with_its_history_while_good_jobs_flow() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("poison-kept"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let _worker = role("worker", &name, &data, &[]).await;
    let nobodys = Job::new(Digest::of(b"nobody stored this"), recipe("missing"), 0);
    let (missing, other) = (nobodys.id().to_string(), "0".repeat(64));
    let mut newer = serde_json::to_value(&nobodys).unwrap();
    newer["version"] = 2.into();
    publish_as(&name, "no JSON", b"this is no JSON").await;
    publish_as(&name, "wrong schema", newer.to_string().as_bytes()).await;
    publish_as(&name, &other, &nobodys.to_json()).await;
    publish(&name, &nobodys.to_json()).await;

    let client = Client::of(&publisher);
    for seed in 0..4 {
        let id = client.upload(&jpeg(300, 200, seed), &[]).await;
        assert_eq!(client.ended(&id).await["status"], "done");
    }
    until(async || listed(&mut dlq(&name, &["ls"])).await.len() == 4).await;
    for (id, reason, said) in [
        ("no JSON", "undecodable", "expected"),
        ("wrong schema", "undecodable", "version 2 is not known"),
        (&other, "undecodable", "its content makes it"),
        (&missing, "original_missing", "has no original"),
    ] {
        let (code, shown) = json(&mut dlq(&name, &["show", id])).await;
        let letter = &shown["letters"][0];
        let attempt = &letter["history"][0];
        assert_eq!(
            (code, &letter["reason"], &attempt["code"]),
            (0, &reason.into(), &reason.into())
        );
        assert!(
            attempt["message"].as_str().unwrap().contains(said),
            "{attempt}"
        );
    }

    // What cannot be read is sent again only for who names it.
    let (code, report) = json(&mut dlq(&name, &["replay", "--all", "--dry-run"])).await;
    assert_eq!(
        (code, &report["replayed"], &report["kept"]),
        (1, &1.into(), &3.into()),
        "{report}"
    );
    let (code, dropped) = json(&mut dlq(&name, &["drop", "no JSON"])).await;
    assert_eq!((code, &dropped["dropped"]), (0, &1.into()));
    let undecodable = ["--reason", "undecodable"];
    let (code, report) = json(&mut dlq(&name, &[&["replay"][..], &undecodable].concat())).await;
    assert_eq!((code, &report["replayed"]), (0, &2.into()), "{report}");
    until(async || {
        listed(&mut dlq(&name, &[&["ls"][..], &undecodable].concat()))
            .await
            .len()
            == 2
    })
    .await;
    let (_, shown) = json(&mut dlq(&name, &["show", "wrong schema"])).await;
    assert_eq!(
        shown["letters"][0]["history"].as_array().unwrap().len(),
        2,
        "{shown}"
    );
}

#[tokio::test]
async fn letters_are_replayed_beside_the_process_that_holds_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
    let client = Client::of(&process);
    let photos: Vec<_> = (0..4).map(|seed| jpeg(2400, 1600, seed)).collect();
    let mut ids = Vec::new();
    for photo in &photos {
        ids.push(client.upload(photo, &[]).await);
    }
    let id = ids.pop().unwrap();
    process.kill().await;
    let original = original(data.path(), &photos[3]);
    std::fs::remove_file(&original).unwrap();

    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    assert_eq!(client.ended(&id).await["status"], "dead");
    let letters = listed(&mut dlq_of(data.path(), &["ls"])).await;
    assert_eq!(
        (&letters[0]["id"], &letters[0]["reason"]),
        (&id.as_str().into(), &"original_missing".into())
    );
    let (code, report) = json(&mut dlq_of(data.path(), &["replay", &id, "--dry-run"])).await;
    assert_eq!((code, &report["replayed"]), (0, &1.into()), "{report}");

    std::fs::write(&original, &photos[3]).unwrap();
    let (code, report) = json(&mut dlq_of(data.path(), &["replay", "--all"])).await;
    assert_eq!((code, &report["replayed"]), (0, &1.into()), "{report}");
    assert_eq!(client.ended(&id).await["status"], "done");
    assert_eq!(
        client.get(&format!("/image/{id}")).await.status(),
        StatusCode::OK
    );
    for id in ids {
        assert_eq!(client.ended(&id).await["status"], "done");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_an_exit_code() {
    let data = tempfile::tempdir().unwrap();
    let nowhere = data.path().join("nowhere");
    assert_eq!(code(&mut dlq_of(&nowhere, &["ls"])).await, 1);
    assert_eq!(
        code(&mut dlq_of(data.path(), &["ls"])).await,
        64,
        "there is no queue"
    );

    Process::embedded(data.path(), &[]).await.kill().await;
    assert_eq!(code(&mut dlq_of(data.path(), &["ls"])).await, 0);
    for unknown in [["show", "x"], ["replay", "x"], ["drop", "x"]] {
        assert_eq!(
            code(&mut dlq_of(data.path(), &unknown)).await,
            1,
            "{unknown:?}"
        );
    }
    for usage in [
        &["replay"][..],
        &["drop"],
        &["drop", "--all"],
        &["replay", "x", "--all"],
        &["replay", "--all", "--rate", "0"],
        &["ls", "--reason", "of old age"],
    ] {
        assert_eq!(code(&mut dlq_of(data.path(), usage)).await, 64, "{usage:?}");
    }
    let refused = dlq_of(data.path(), &["ls", "--reason", "of old age"])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    for word in ["attempts_spent", "delivery_limit"] {
        assert!(said.contains(word), "{said}");
    }
}

/// `nws dlq` for a fleet.
fn dlq(namespace: &str, arguments: &[&str]) -> Command {
    let mut command = nws_of_fleet("dlq", namespace);
    command.args(arguments);
    command
}

/// `nws dlq` for a data folder.
fn dlq_of(data: &Path, arguments: &[&str]) -> Command {
    let mut command = nws(&[&["dlq"][..], arguments].concat());
    command.arg("--data").arg(data);
    command
}

async fn code(command: &mut Command) -> i32 {
    command.output().await.unwrap().status.code().unwrap()
}

/// The exit code, and what was said as JSON.
async fn json(command: &mut Command) -> (i32, Value) {
    let output = command.arg("--json").output().await.unwrap();
    let said = serde_json::from_slice(&output.stdout);
    let said = said.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), said)
}

async fn listed(ls: &mut Command) -> Vec<Value> {
    let (code, listing) = json(ls).await;
    assert_eq!((code, &listing["complete"]), (0, &true.into()));
    listing["letters"].as_array().unwrap().clone()
}

/// Where the embedded object store keeps a photo.
fn original(data: &Path, photo: &[u8]) -> PathBuf {
    let name = Digest::of(photo).to_string();
    data.join("objects").join("original").join(name)
}
