//! The shared broker from outside: its management API, and the program that kills it.

use std::{fmt::Display, process::Command};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An administrator at the first node's API.
pub(super) struct Management {
    api: String,
    http: reqwest::Client,
}

impl Management {
    pub(super) fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let api = std::env::var("NWS_TEST_AMQP_API")
            .expect("this test needs RabbitMQ's management API: run it with ops/services run");
        Self {
            api,
            http: reqwest::Client::new(),
        }
    }

    /// Has `queue` refuse messages once it holds one.
    pub(super) async fn fill(&self, queue: impl Display) {
        let full = json!({
            "pattern": format!("^{queue}$"),
            "definition": { "max-length": 1 },
            "apply-to": "queues",
        });
        self.put(&format!("policies/%2f/{queue}"), full).await;
    }

    /// Has `queue` take as many as it did before.
    pub(super) async fn empty(&self, queue: impl Display) {
        let path = format!("policies/%2f/{queue}");
        self.ask(Method::DELETE, &path, Value::Null).await;
    }

    pub(super) async fn add_vhost(&self, vhost: &str) {
        self.put(&format!("vhosts/{vhost}"), json!({})).await;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        self.put(&format!("permissions/{vhost}/nws"), all).await;
    }

    pub(super) async fn delete_vhost(&self, vhost: &str) {
        let path = format!("vhosts/{vhost}");
        self.ask(Method::DELETE, &path, Value::Null).await;
    }

    /// Closes `count` connections to `vhost`, as soon as the broker's own books show so many.
    pub(super) async fn close_connections(&self, vhost: &str, count: usize) {
        let path = format!("vhosts/{vhost}/connections");
        let connections = loop {
            let connections = self.ask(Method::GET, &path, Value::Null).await;
            if connections.as_array().is_some_and(|all| all.len() == count) {
                break connections;
            }
        };
        for connection in connections.as_array().unwrap() {
            let name = connection["name"].as_str().unwrap();
            let path = format!(
                "connections/{}",
                name.replace(' ', "%20").replace('>', "%3E")
            );
            self.ask(Method::DELETE, &path, Value::Null).await;
        }
    }

    async fn put(&self, path: &str, body: Value) {
        self.ask(Method::PUT, path, body).await;
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method, format!("{}/api/{path}", self.api));
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        if answer.status() == StatusCode::OK {
            answer.json().await.unwrap()
        } else {
            Value::Null
        }
    }
}

/// Has `ops/services` do something to the broker, for example `kill9`, and gives back what it says.
#[expect(
    clippy::disallowed_methods,
    reason = "it waits for a program and uses no core"
)]
pub(super) async fn control(words: &[&str]) -> String {
    let program = std::env::var("NWS_TEST_RABBITMQ")
        .expect("this test needs a broker that it may kill: run it with ops/services run");
    let mut command = Command::new(program);
    command.args(words);
    let done = tokio::task::spawn_blocking(move || command.output());
    let output = done.await.unwrap().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
