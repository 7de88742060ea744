//! A client as strangers write one: multipart up, events, bytes down.

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{WITHIN, process::Process, until};

const BOUNDARY: &str = "a-line-that-no-photo-holds";

/// Talks to one process.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// One frame of an event stream.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

/// A process installs the TLS provider itself; here the client does.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl Client {
    pub(crate) fn of(process: &Process) -> Self {
        Self::with_headers(process, HeaderMap::new())
    }

    /// One that says who it is.
    pub(crate) fn with_key(process: &Process, key: &str) -> Self {
        let bearer = format!("Bearer {key}").parse().unwrap();
        Self::with_headers(process, HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
    }

    fn with_headers(process: &Process, headers: HeaderMap) -> Self {
        install_tls();
        let http = reqwest::Client::builder().timeout(WITHIN);
        Self {
            http: http.default_headers(headers).build().unwrap(),
            url: process.url.clone(),
        }
    }

    /// Posts a photo, and gives the whole answer.
    pub(crate) async fn post(&self, photo: &[u8], fields: &[(&str, &str)]) -> Response {
        self.try_post(photo, fields).await.unwrap()
    }

    /// The same to a process that may be away.
    pub(crate) async fn try_post(
        &self,
        photo: &[u8],
        fields: &[(&str, &str)],
    ) -> reqwest::Result<Response> {
        self.try_post_files(&[("image", photo)], fields).await
    }

    /// The same with what a browser says that it takes.
    pub(crate) async fn post_accepting(&self, photo: &[u8], accept: &str) -> Response {
        let upload = self.form(&[("image", photo)], &[]);
        upload.header("accept", accept).send().await.unwrap()
    }

    async fn try_post_files(
        &self,
        files: &[(&str, &[u8])],
        fields: &[(&str, &str)],
    ) -> reqwest::Result<Response> {
        self.form(files, fields).send().await
    }

    fn form(&self, files: &[(&str, &[u8])], fields: &[(&str, &str)]) -> RequestBuilder {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(part(&format!("name=\"{name}\""), value.as_bytes()));
        }
        for (name, file) in files {
            body.extend(part(
                &format!("name=\"{name}\"; filename=\"photo.jpg\""),
                file,
            ));
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        self.http
            .post(format!("{}/upload", self.url))
            .header("content-type", form)
            .body(body)
    }

    /// Opens the events of a job at a process that may be away, from after the last frame that was seen.
    pub(crate) async fn try_events(
        &self,
        id: &str,
        last: Option<&Frame>,
    ) -> reqwest::Result<Response> {
        let request = self
            .http
            .get(format!("{}/status/{id}", self.url))
            .header("accept", "text/event-stream");
        let request = match last {
            Some(frame) => request.header("last-event-id", &frame.id),
            None => request,
        };
        request.send().await
    }

    /// Posts a photo that must be accepted, and gives its job id.
    pub(crate) async fn upload(&self, photo: &[u8], fields: &[(&str, &str)]) -> String {
        accepted(self.post(photo, fields).await).await
    }

    /// The same, with a logo.
    pub(crate) async fn upload_with_logo(&self, photo: &[u8], logo: &[u8]) -> String {
        let files = [("image", photo), ("wm_logo", logo)];
        accepted(self.try_post_files(&files, &[]).await.unwrap()).await
    }

    /// The events of a job from now until its end.
    pub(crate) async fn follow(&self, id: &str) -> Vec<Frame> {
        let request = self
            .http
            .get(format!("{}/status/{id}", self.url))
            .header("accept", "text/event-stream");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let text = timeout(WITHIN, answer.text())
            .await
            .expect("the job ends in time")
            .unwrap();
        text.split("\n\n").filter_map(frame).collect()
    }

    /// The events of several jobs from now until all have ended.
    pub(crate) async fn follow_all(&self, ids: &[String]) -> Vec<Frame> {
        let answer = self.get(&format!("/events?ids={}", ids.join(","))).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let text = timeout(WITHIN, answer.text())
            .await
            .expect("the jobs end in time")
            .unwrap();
        text.split("\n\n").filter_map(frame).collect()
    }

    /// Takes a job back.
    pub(crate) async fn cancel(&self, id: &str) -> Response {
        let request = self.http.delete(format!("{}/status/{id}", self.url));
        request.send().await.unwrap()
    }

    /// A job's state once it has ended.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        self.follow(id)
            .await
            .pop()
            .expect("a followed job tells at least its end")
            .data
    }

    /// Waits until a worker has a job in hand.
    pub(crate) async fn until_begun(&self, id: &str) {
        let path = format!("/status/{id}");
        until(async || {
            let state = self.get(&path).await.bytes().await.unwrap();
            let state: Value = serde_json::from_slice(&state).unwrap();
            state["status"] != "queued"
        })
        .await;
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn get_with(&self, path: &str, header: (&str, &str)) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .header(header.0, header.1)
            .send()
            .await
            .unwrap()
    }

    /// The sum of the metrics whose lines begin with `line`, 0 where there is none.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let values = text.lines().filter_map(|found| {
            let rest = found.strip_prefix(line)?;
            rest.rsplit(' ').next()?.parse::<f64>().ok()
        });
        values.sum()
    }
}

/// One part of a form.
fn part(disposition: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// The id of a job that must have been accepted.
pub(crate) async fn accepted(answer: Response) -> String {
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["jobId"].as_str().unwrap().to_owned()
}

/// A frame with an event; comments are none.
pub(crate) fn frame(text: &str) -> Option<Frame> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned())
    };
    let data = serde_json::from_str(&field("data:")?).unwrap();
    Some(Frame {
        id: field("id:")?,
        event: field("event:")?,
        data,
    })
}
