//! `nws submit` and servers that refuse, break off and deceive.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures::stream;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command, task::JoinHandle};

use crate::support::{picture::jpeg, process::nws, until};

const RESULT: &[u8] = b"\xff\xd8\xff the result";
const KEY: &str = "hush-1234";

/// What a server does that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The first two uploads are refused so.
    Throttles(StatusCode),
    /// Every upload is.
    Refuses(StatusCode),
    /// Who wants a result is sent on to elsewhere.
    Redirects,
    /// The first stream ends in the middle of a frame.
    CutsEvents,
    /// The first stream says that there is no such job.
    Forgets,
    /// Streams say that the job is queued, and no more.
    NeverEnds,
    /// The bytes are others than those announced.
    Damages,
}

/// A server of one job.
struct Fake {
    fault: Fault,
    id: String,
    uploads: AtomicUsize,
    streams: AtomicUsize,
    /// Uploads that brought the key.
    with_key: AtomicUsize,
}

struct Serving {
    fake: Arc<Fake>,
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(fault: Fault) -> Serving {
    let fake = Arc::new(Fake {
        fault,
        id: "ab".repeat(32),
        uploads: AtomicUsize::new(0),
        streams: AtomicUsize::new(0),
        with_key: AtomicUsize::new(0),
    });
    let routes = Router::new()
        .route("/upload", post(upload))
        .route("/events", get(events))
        .route("/image/{id}", get(image))
        .with_state(Arc::clone(&fake));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
    Serving { fake, url, task }
}

async fn upload(State(fake): State<Arc<Fake>>, headers: HeaderMap, body: Body) -> Response {
    let number = fake.uploads.fetch_add(1, Ordering::SeqCst);
    let bearer = format!("Bearer {KEY}");
    if headers
        .get("authorization")
        .is_some_and(|it| *it == *bearer)
    {
        fake.with_key.fetch_add(1, Ordering::SeqCst);
    }
    axum::body::to_bytes(body, usize::MAX).await.unwrap();
    match fake.fault {
        Fault::Throttles(status) if number < 2 => {
            let wait = [("retry-after", "1")];
            (status, wait, r#"{"detail":"not now"}"#).into_response()
        }
        Fault::Refuses(status) => (status, r#"{"detail":"not you"}"#).into_response(),
        _ => {
            let accepted = json!({ "jobId": fake.id, "status": "queued" });
            (StatusCode::ACCEPTED, accepted.to_string()).into_response()
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    ids: String,
}

async fn events(State(fake): State<Arc<Fake>>, Query(asked): Query<Asked>) -> Response {
    assert_eq!(asked.ids, fake.id);
    let number = fake.streams.fetch_add(1, Ordering::SeqCst);
    let frame = |status: &str| {
        let data = json!({ "jobId": fake.id, "status": status });
        format!("event: {status}\nid: 1-1\nretry: 10\ndata: {data}\n\n")
    };
    let queued = frame("queued");
    let text = match fake.fault {
        Fault::CutsEvents if number == 0 => queued + "event: done\ndata: {\"jobId\":",
        Fault::Forgets if number == 0 => {
            let data = json!({ "jobId": fake.id, "status": null });
            format!("event: unknown\ndata: {data}\n\n")
        }
        Fault::NeverEnds => {
            let first = stream::iter([Ok::<_, std::io::Error>(queued)]);
            let silence = stream::pending();
            let frames = futures::StreamExt::chain(first, silence);
            return Body::from_stream(frames).into_response();
        }
        _ => queued + &frame("done") + "id: end\nevent: end\ndata: {}\n\n",
    };
    text.into_response()
}

async fn image(State(fake): State<Arc<Fake>>) -> Response {
    if fake.fault == Fault::Redirects {
        let elsewhere = [("location", "/elsewhere")];
        return (StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response();
    }
    let sent = if fake.fault == Fault::Damages {
        [RESULT, b"?"].concat()
    } else {
        RESULT.to_vec()
    };
    let etag = format!("\"{}\"", schemas::Digest::of(RESULT));
    let head = [("content-type", "image/jpeg".to_owned()), ("etag", etag)];
    (head, sent).into_response()
}

fn photo() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), jpeg(40, 30, 1)).unwrap();
    folder
}

fn submit(url: &str, folder: &Path, more: &[&str]) -> Command {
    let mut command = nws(&["submit", "a.jpg", "-o", "out", "--server", url]);
    command.args(more).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Submits a photo to a server with `fault`, and expects its result.
async fn comes_through(fault: Fault) -> Serving {
    let (serving, folder) = (serve(fault).await, photo());
    let mut command = submit(&serving.url, folder.path(), &[]);
    let output = command.output().await.unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{fault:?}: {}",
        said(&output)
    );
    assert_eq!(fs::read(folder.path().join("out/a.jpg")).unwrap(), RESULT);
    serving
}

/// Submits a photo to a server with `fault`, and expects no file, this exit code and these words.
async fn ends_with(fault: Fault, more: &[&str], code: i32, words: &str) -> Serving {
    let (serving, folder) = (serve(fault).await, photo());
    let mut command = submit(&serving.url, folder.path(), more);
    let output = command.env("NWS_API_KEY", KEY).output().await.unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{fault:?}: {said}");
    assert!(said.contains(words), "{fault:?}: {said}");
    assert!(!said.contains(KEY), "{said}");
    let left = fs::read_dir(folder.path().join("out"))
        .into_iter()
        .flatten();
    assert_eq!(left.count(), 0, "{fault:?}");
    serving
}

#[tokio::test]
async fn who_is_throttled_comes_back() {
    for status in [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
    ] {
        let serving = comes_through(Fault::Throttles(status)).await;
        assert_eq!(serving.fake.uploads.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_opened_again() {
    let serving = comes_through(Fault::CutsEvents).await;
    assert_eq!(serving.fake.streams.load(Ordering::SeqCst), 2);
    assert_eq!(serving.fake.uploads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_job_that_the_server_forgot_is_sent_again() {
    let serving = comes_through(Fault::Forgets).await;
    assert_eq!(serving.fake.uploads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_result_of_another_digest_is_refused_and_leaves_no_file() {
    ends_with(Fault::Damages, &[], 1, "damaged").await;
}

#[tokio::test]
async fn credentials_are_sent_and_their_refusal_exits_with_77() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let serving = ends_with(Fault::Refuses(status), &[], 77, "a.jpg: not you").await;
        assert_eq!(serving.fake.with_key.load(Ordering::SeqCst), 1);
        assert_eq!(serving.fake.uploads.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    ends_with(Fault::Redirects, &[], 1, "sends us on to /elsewhere").await;
}

#[tokio::test]
async fn a_server_that_stays_busy_ends_patience() {
    let busy = Fault::Refuses(StatusCode::SERVICE_UNAVAILABLE);
    let serving = ends_with(busy, &["--patience", "1"], 69, "not you; tried for 1 s").await;
    assert!(serving.fake.uploads.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_exits_with_69() {
    let folder = photo();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let mut command = submit(&url, folder.path(), &["--patience", "0"]);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(69), "{}", said(&output));
    assert!(said(&output).contains("refused"), "{}", said(&output));
}

#[tokio::test]
async fn an_interrupt_says_what_is_done_and_exits_with_130() {
    let (serving, folder) = (serve(Fault::NeverEnds).await, photo());
    let child = submit(&serving.url, folder.path(), &["--json"]);
    let child = { child }.spawn().unwrap();
    until(async || serving.fake.streams.load(Ordering::SeqCst) > 0).await;
    let id = child.id().unwrap();
    load::process::signal("INT", id).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let words = "1 photo not done yet";
    assert!(said(&output).contains(words), "{}", said(&output));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["status"], "unfinished");
}

#[tokio::test]
async fn photos_that_a_server_makes_alike_get_names_of_their_own() {
    let (serving, folder) = (serve(Fault::None).await, photo());
    fs::write(folder.path().join("a.png"), jpeg(40, 30, 2)).unwrap();
    let mut command = submit(&serving.url, folder.path(), &["a.png"]);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for name in ["a.jpg", "a-2.jpg"] {
        let path = folder.path().join("out").join(name);
        assert_eq!(fs::read(path).unwrap(), RESULT, "{name}");
    }
}
