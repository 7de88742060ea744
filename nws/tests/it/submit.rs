//! `nws submit`: photos marked by a server that is really there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::support::{
    client::Client,
    picture::{broken_jpeg, jpeg},
    process::{Process, nws},
    until,
};

/// A folder of photos, and one for results beside it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn with_photos(photos: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        fs::create_dir(desk.photos()).unwrap();
        for seed in 0..photos {
            let name = format!("{seed:02}.jpg");
            fs::write(desk.photos().join(name), jpeg(400, 300, seed)).unwrap();
        }
        desk
    }

    fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// `nws submit photos -o out` at `url`.
    fn submit(&self, url: &str, more: &[&str]) -> Command {
        let mut command = nws(&["submit", "--server", url, "-o"]);
        command.arg(self.out()).arg(self.photos()).args(more);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir(self.folder.path());
        command
    }

    fn results(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.out()).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }
}

fn numbered(photos: u8) -> BTreeSet<String> {
    (0..photos).map(|seed| format!("{seed:02}.jpg")).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[tokio::test]
async fn a_folder_is_made_and_what_is_no_photo_is_named_with_the_servers_reason() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let desk = Desk::with_photos(20);
    let text = desk.folder.path().join("notes.txt");
    fs::write(&text, "no photo at all, but some text of some length").unwrap();
    fs::write(desk.photos().join("broken.jpg"), broken_jpeg()).unwrap();

    let mut command = desk.submit(&process.url, &["--wm-text", "© {filename}"]);
    let output = command.arg(&text).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(desk.results(), numbered(20));
    let said = said(&output);
    for named in [
        "notes.txt: ",
        "broken.jpg: failed: ",
        "20 photos done, 2 failed",
    ] {
        assert!(said.contains(named), "{named} is not in\n{said}");
    }
    let reason = said.lines().find(|line| line.contains("notes.txt: the"));
    assert!(reason.is_some(), "{said}");
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_costs_nothing() {
    let data = tempfile::tempdir().unwrap();
    let slow = ["worker_slots=1"];
    let process = Process::embedded(data.path(), &slow).await;
    let url = process.url.clone();
    let desk = Desk::with_photos(16);
    let submit = desk.submit(&url, &["--transfers", "2"]).spawn().unwrap();
    until(async || !desk.results().is_empty()).await;
    process.kill().await;
    let listen = format!("listen={}", url.trim_start_matches("http://"));
    let _process = Process::embedded(data.path(), &[slow[0], &listen]).await;
    let output = submit.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(desk.results(), numbered(16));
}

#[tokio::test]
async fn what_is_known_and_there_is_neither_made_nor_written_again() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let desk = Desk::with_photos(5);
    let run = async || {
        let output = desk.submit(&process.url, &[]).output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        client.metric("nws_jobs_total{status=\"done\"}").await
    };
    let written = |name: &str| {
        fs::metadata(desk.out().join(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let made = run().await;
    let before: Vec<_> = numbered(5).iter().map(|name| written(name)).collect();
    fs::remove_file(desk.out().join("03.jpg")).unwrap();
    assert_eq!(run().await, made);
    assert_eq!(desk.results(), numbered(5));
    for (name, before) in numbered(5).iter().zip(before) {
        assert_eq!(written(name) == before, name != "03.jpg", "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_never_replaced_unless_that_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let desk = Desk::with_photos(1);
    fs::create_dir(desk.out()).unwrap();
    fs::write(desk.out().join("00.jpg"), "something else").unwrap();
    let output = desk.submit(&process.url, &[]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let read = |name: &str| fs::read(desk.out().join(name)).unwrap();
    assert_eq!(read("00.jpg"), b"something else");
    let made = read("00-2.jpg");

    let output = desk.submit(&process.url, &["--overwrite"]).output().await;
    assert_eq!(output.unwrap().status.code(), Some(0));
    assert!(read("00.jpg") == made);
}

#[tokio::test]
async fn sources_beside_their_results_stay_as_they_are() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let desk = Desk::with_photos(2);
    let source = fs::read(desk.photos().join("01.jpg")).unwrap();
    let mut command = nws(&["submit", "01.jpg", "--server", &process.url, "--overwrite"]);
    command.args(["-o", "."]).current_dir(desk.photos());
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(fs::read(desk.photos().join("01.jpg")).unwrap() == source);
    assert!(desk.photos().join("01-2.jpg").exists());
}

#[tokio::test]
async fn programs_are_told_a_line_for_each_photo() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let desk = Desk::with_photos(3);
    let text = desk.folder.path().join("notes.txt");
    fs::write(&text, "no photo at all, but some text of some length").unwrap();
    let mut command = desk.submit(&process.url, &["--json", "--wm-format", "webp"]);
    let output = command.arg(&text).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = lines(&output);
    assert_eq!(lines.len(), 4, "{lines:?}");
    for line in &lines {
        if line["file"] == text.display().to_string() {
            assert_eq!(line["status"], "refused");
            assert_eq!(line["error"]["status"], 415, "{line}");
            continue;
        }
        assert_eq!(line["status"], "done", "{line}");
        assert!(line["jobId"].as_str().is_some_and(|id| id.len() == 64));
        let path = Path::new(line["output"].as_str().unwrap());
        assert_eq!(path.extension().unwrap(), "webp");
        let bytes = fs::read(path).unwrap();
        assert_eq!(line["sizeBytes"], bytes.len());
        assert_eq!(line["sha256"], schemas::Digest::of(&bytes).to_string());
    }
}

#[tokio::test]
async fn a_photo_goes_through_a_pipe() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let more = ["--wm-format", "png", "--width", "100"];
    let mut command = nws(&["submit", "-", "--server", &process.url]);
    command.args(more).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&jpeg(400, 200, 1)).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(&output.stdout[1..4], b"PNG");
}

#[tokio::test]
async fn the_name_of_the_result_and_the_logo_go_along() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let desk = Desk::with_photos(1);
    let run = async |more: &[&str]| {
        let mut command = nws(&["submit", "photos/00.jpg", "--server", &process.url]);
        command.args(more).current_dir(desk.folder.path());
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    };
    run(&["-o", "logo.png", "--width", "30"]).await;
    run(&["-o", "plain.png"]).await;
    run(&["-o", "marked.png", "--wm-logo", "logo.png"]).await;
    let read = |name: &str| fs::read(desk.folder.path().join(name)).unwrap();
    assert_eq!(&read("plain.png")[1..4], b"PNG");
    assert!(read("plain.png") != read("marked.png"));
}

#[tokio::test]
async fn what_is_too_large_is_named_with_what_was_measured_and_the_limit() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["image_bytes_max=3000000"]).await;
    let desk = Desk::with_photos(1);
    let mut large = jpeg(400, 300, 9);
    large.resize(24_000_000, 0);
    fs::write(desk.photos().join("large.jpg"), large).unwrap();
    let output = desk.submit(&process.url, &[]).output().await.unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(desk.results(), numbered(1));
    let line = said.lines().find(|line| line.contains("large.jpg: the"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("limit is"), "{line}");
}

#[tokio::test]
async fn a_call_that_cannot_be_meant_exits_with_64() {
    let desk = Desk::with_photos(2);
    for (arguments, named) in [
        ("photos -o out", "--server"),
        ("photos --server http://[::1]:9", "-o OUT"),
        ("nope.jpg -o out --server http://[::1]:9", "nope.jpg"),
        ("photos -o out --server ftp://host", "http://"),
        ("photos -o out --server http://me:hush@host", "NWS_API_KEY"),
        ("photos -o out --server http://[::1]:9 --width 0", "width"),
        (
            "photos -o out --server http://[::1]:9 --transfers 0",
            "transfers",
        ),
        (
            "photos -o out --server https://[::1]:9 --ca-file nope.pem",
            "nope.pem",
        ),
        (
            "photos -o out --server http://[::1]:9 --wm-logo nope.png",
            "nope.png",
        ),
        (
            "photos/00.jpg -o - --json --server http://[::1]:9",
            "--json",
        ),
    ] {
        let mut command = nws(&["submit"]);
        command.args(arguments.split(' '));
        let command = command.current_dir(desk.folder.path());
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains(named), "{}", said(&output));
        assert!(!said(&output).contains("hush"), "{}", said(&output));
        assert!(!desk.out().exists());
    }
}
