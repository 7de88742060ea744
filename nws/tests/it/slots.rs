//! Slots that crash, hang and run out of time: what becomes of their photos, and of everybody else's.
//!
//! A signal from outside is to a slot what a broken decoder would do to it.

use std::{fs, process::Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

use crate::support::{
    WITHIN,
    client::Client,
    picture::jpeg,
    process::{Process, nws},
    until,
};

/// As much CPU time as no slot needs to start, and far less than a photo that is written as AVIF needs.
const AT_WORK: std::time::Duration = std::time::Duration::from_millis(200);

#[tokio::test]
async fn a_photo_that_brings_its_slot_down_is_tried_once_more() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(3000, 2000, 1), &AVIF).await;
    strike(&process, "ILL").await;
    let events = client.follow(&id).await;
    assert_eq!(events.last().unwrap().data["attempt"], 2);
    assert_eq!(events.last().unwrap().event, "done");
}

#[tokio::test]
async fn a_photo_that_brings_two_slots_down_is_put_aside_and_no_other_one_suffers() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=2"]).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(3000, 2000, 1), &AVIF).await;
    strike(&process, "ILL").await;
    let neighbour = client.upload(&jpeg(640, 480, 2), &[]).await;
    assert_eq!(client.ended(&neighbour).await["attempt"], 1);
    strike(&process, "ABRT").await;
    let end = client.ended(&id).await;
    assert_eq!(
        (&end["status"], &end["error"]["code"], &end["attempt"]),
        (&"dead".into(), &"crashed".into(), &2.into())
    );
    let next = client.upload(&jpeg(640, 480, 3), &[]).await;
    assert_eq!(client.ended(&next).await["status"], "done");
}

#[tokio::test]
async fn a_photo_whose_slots_are_killed_from_outside_is_tried_again_and_again() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(3000, 2000, 1), &AVIF).await;
    for _ in 0..2 {
        strike(&process, "KILL").await; // as a kernel does it that is short of memory
    }
    let end = client.ended(&id).await;
    assert_eq!(
        (&end["status"], &end["attempt"]),
        (&"done".into(), &3.into())
    );
}

#[tokio::test]
async fn a_photo_that_takes_more_cpu_time_than_it_may_fails_with_the_limit() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1", "job_cpu_secs=7"]).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(3000, 2000, 1), &AVIF).await;
    strike(&process, "XCPU").await; // as the kernel does it
    let end = client.ended(&id).await;
    assert_eq!(
        (&end["status"], &end["error"]["code"]),
        (&"failed".into(), &"cpu_exceeded".into())
    );
    assert!(end["error"]["message"].as_str().unwrap().contains("7 s"));
}

#[tokio::test]
async fn slots_that_stand_still_are_killed_at_the_deadline_and_every_photo_is_done() {
    let data = tempfile::tempdir().unwrap();
    let settings = ["worker_slots=2", "job_deadline_secs=5"];
    let process = Process::embedded(data.path(), &settings).await;
    let client = Client::of(&process);
    until(async || process.slots().len() == 3).await;
    // The third one works on, or two photos would never be in hand at once.
    for slot in process.slots().into_iter().take(2) {
        load::process::signal("STOP", slot).await.unwrap();
    }
    let mut ids = Vec::new();
    for seed in 0..6 {
        let photo = jpeg(900, 600, seed);
        ids.push(client.upload(&photo, &[("wm_format", "avif")]).await);
    }
    let mut attempts = 0;
    for id in ids {
        let end = client.ended(&id).await;
        assert_eq!(end["status"], "done");
        attempts += end["attempt"].as_u64().unwrap() - 1;
    }
    assert!((1..=2).contains(&attempts), "{attempts} were too slow");
}

#[tokio::test]
async fn a_slot_that_is_stuck_with_a_photo_that_is_taken_back_is_killed_long_before_the_deadline() {
    let data = tempfile::tempdir().unwrap();
    let settings = ["worker_slots=1", "job_deadline_secs=86400"];
    let process = Process::embedded(data.path(), &settings).await;
    let client = Client::of(&process);
    until(async || process.slots().len() == 2).await;
    let slots = process.slots();
    for slot in &slots {
        load::process::signal("STOP", *slot).await.unwrap();
    }
    let id = client.upload(&jpeg(640, 480, 1), &[]).await;
    client.until_begun(&id).await;
    assert!(client.cancel(&id).await.status().is_success());
    let is_gone = |slot: &u32| load::process::cpu_time(&slot.to_string()).is_err();
    until(async || slots.iter().any(is_gone)).await;
    let next = client.upload(&jpeg(640, 480, 2), &[]).await;
    assert_eq!(client.ended(&next).await["status"], "done");
}

#[tokio::test]
async fn a_photo_that_needs_more_memory_than_a_slot_may_have_fails_with_the_limit() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
    let client = Client::of(&process);
    let are_locked_in = |slots: Vec<u32>| slots.len() == 2 && slots.into_iter().all(is_locked_in);
    until(async || are_locked_in(process.slots())).await;
    for slot in process.slots() {
        give_no_more_memory(slot);
    }
    let id = client.upload(&jpeg(3000, 2000, 1), &AVIF).await;
    let end = client.ended(&id).await;
    assert_eq!(
        (&end["status"], &end["error"]["code"], &end["attempt"]),
        (&"failed".into(), &"memory_exceeded".into(), &1.into())
    );
    let next = client.upload(&jpeg(640, 480, 2), &[]).await;
    assert_eq!(client.ended(&next).await["status"], "done");
}

#[tokio::test]
async fn slots_that_are_started_later_have_the_fonts_that_their_worker_began_with() {
    let (data, fonts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let add = |name: &str| {
        let font = format!("{}/../engine/fonts/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::copy(font, fonts.path().join(name)).unwrap();
    };
    add("NotoSansHebrew-Bold.ttf");
    let setting = format!("fonts={}", fonts.path().display());
    let process = Process::embedded(data.path(), &["worker_slots=1", &setting]).await;
    let client = Client::of(&process);
    until(async || process.slots().len() == 2).await;
    add("NotoSansArabic-Bold.ttf");
    for slot in process.slots() {
        load::process::signal("KILL", slot).await.unwrap();
    }
    let id = client.upload(&jpeg(640, 480, 1), &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");
}

#[tokio::test]
async fn how_slots_are_locked_in_is_told_and_that_they_are_not() {
    for (setting, expected) in [("sandbox=on", "holds"), ("sandbox=off", "off")] {
        let data = tempfile::tempdir().unwrap();
        let process = Process::embedded(data.path(), &[setting]).await;
        let client = Client::of(&process);
        until(async || is_ready(&client).await).await;
        let ready: Value = client.get("/ready").await.json().await.unwrap();
        for part in ["limits", "landlock", "seccomp"] {
            assert_eq!(ready["slots"]["sandbox"][part], expected, "{part}");
        }
    }
}

#[tokio::test]
async fn that_slots_are_not_locked_in_is_said_however_little_the_log_is_to_say() {
    let data = tempfile::tempdir().unwrap();
    let mut nws = nws(&["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(["--set", "sandbox=off", "--set", "log=off"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(nws.stderr.take().unwrap()).lines();
    let said = timeout(WITHIN, log.next_line()).await.unwrap().unwrap();
    assert!(said.unwrap().contains("sandbox = off"));
    nws.kill().await.unwrap();
}

#[tokio::test]
async fn who_asks_whether_it_is_ready_hears_that_slots_are_not_locked_in() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["sandbox=off"]).await;
    let client = Client::of(&process);
    until(async || {
        let ready: Value = client.get("/ready").await.json().await.unwrap();
        ready["slots"]["warning"].is_string()
    })
    .await;
}

#[tokio::test]
async fn slots_end_with_their_process_however_it_ends() {
    for is_killed in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let process = Process::embedded(data.path(), &["worker_slots=2"]).await;
        until(async || process.slots().len() == 3).await;
        let slots = process.slots();
        if is_killed {
            process.kill().await;
        } else {
            assert!(process.terminate().await.success());
        }
        let is_there = |slot: &u32| load::process::cpu_time(&slot.to_string()).is_ok();
        until(async || !slots.iter().any(is_there)).await;
    }
}

#[tokio::test]
async fn a_stop_that_reaches_slots_too_lets_the_photo_in_hand_be_done() {
    for signal in ["INT", "TERM"] {
        let data = tempfile::tempdir().unwrap();
        let settings = ["worker_slots=1", "grace_secs=80"];
        let process = Process::embedded(data.path(), &settings).await;
        let id = Client::of(&process)
            .upload(&jpeg(3000, 2000, 1), &AVIF)
            .await;
        until_at_work(&process).await;
        // As a terminal sends it to all processes of a group, and an init system to all of a service.
        for slot in process.slots() {
            load::process::signal(signal, slot).await.unwrap();
        }
        assert!(process.terminate().await.success());
        let process = Process::embedded(data.path(), &settings).await;
        let end = Client::of(&process).ended(&id).await;
        assert_eq!(
            (&end["status"], &end["attempt"]),
            (&"done".into(), &1.into()),
            "{signal}"
        );
    }
}

const AVIF: [(&str, &str); 3] = [("wm_format", "avif"), ("width", "3000"), ("height", "2000")];

/// Whether a slot has begun, and none fails to.
async fn is_ready(client: &Client) -> bool {
    let ready: Value = client.get("/ready").await.json().await.unwrap();
    ready["slots"]["status"] == "ok"
}

/// Whether the last wall stands: it has begun.
fn is_locked_in(slot: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{slot}/status"));
    status.is_ok_and(|status| status.contains("Seccomp:\t2"))
}

/// As when a model has underrated a photo by far: hardly an address is left.
fn give_no_more_memory(slot: u32) {
    let statm = fs::read_to_string(format!("/proc/{slot}/statm")).unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let now = Some(pages * rustix::param::page_size() as u64 + (1 << 20));
    let (pid, limit) = (
        Pid::from_raw(slot.try_into().unwrap()),
        Rlimit {
            current: now,
            maximum: now,
        },
    );
    prlimit(pid, Resource::As, limit).unwrap();
}

/// Sends a deadly signal to the slot that has a photo in hand, as soon as there is one, and waits for its end: the next one
/// struck is another.
async fn strike(process: &Process, signal: &str) {
    let slot = until_at_work(process).await;
    load::process::signal(signal, slot).await.unwrap();
    until(async || !process.slots().contains(&slot)).await;
}

/// The slot that has a photo in hand, as soon as there is one.
async fn until_at_work(process: &Process) -> u32 {
    let busy = |slot: &u32| {
        let cpu_time = load::process::cpu_time(&slot.to_string());
        cpu_time.is_ok_and(|time| time > AT_WORK)
    };
    let mut at_work = None;
    until(async || {
        at_work = process.slots().into_iter().find(busy);
        at_work.is_some()
    })
    .await;
    at_work.unwrap()
}
