//! `nws` as a process.

use std::{
    env,
    path::Path,
    process::{ExitStatus, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    task::JoinHandle,
    time::timeout,
};

use super::WITHIN;

/// A running `nws`. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: JoinHandle<()>,
    pub(crate) url: String,
}

/// A command line of the binary under test, without any setting from outside.
pub(crate) fn nws(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nws"));
    for (key, _) in env::vars().filter(|(key, _)| key.starts_with("NWS_")) {
        command.env_remove(key);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Process {
    /// The whole system over the folder `data`.
    pub(crate) async fn embedded(data: &Path, settings: &[&str]) -> Self {
        Self::start(nws(&["run"]), data, settings).await
    }

    /// A role of the fleet `namespace`, over the services that `ops/services` started.
    pub(crate) async fn role(role: &str, namespace: &str, data: &Path, settings: &[&str]) -> Self {
        let mut command = nws(&[role]);
        command.env("NWS_NAMESPACE", namespace);
        for name in [
            "AMQP_URL",
            "REDIS_URL",
            "S3_ENDPOINT",
            "S3_BUCKET",
            "S3_REGION",
            "S3_ACCESS_KEY",
            "S3_SECRET_KEY",
        ] {
            command.env(format!("NWS_{name}"), service(name));
        }
        Self::start(command, data, settings).await
    }

    async fn start(mut command: Command, data: &Path, settings: &[&str]) -> Self {
        command
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.env("NWS_LOG_FORMAT", "json").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = timeout(WITHIN, served_url(&mut log))
            .await
            .expect("it serves in time");
        let log = tokio::spawn(echo(log));
        Self { child, log, url }
    }

    /// Stops reading its log, as a log collector that died does.
    pub(crate) async fn deafen(&mut self) {
        self.log.abort();
        let _ = (&mut self.log).await;
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        timeout(WITHIN, self.child.wait())
            .await
            .expect("it drains in time")
            .unwrap()
    }
}

/// What `ops/services` exported under `NWS_TEST_<name>`.
pub(crate) fn service(name: &str) -> String {
    let name = format!("NWS_TEST_{name}");
    env::var(&name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `ops/test`, or `ops/services run cargo test`")
    })
}

async fn served_url(log: &mut Lines<BufReader<ChildStderr>>) -> String {
    let mut seen = Vec::new();
    while let Some(line) = log.next_line().await.unwrap() {
        let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = json["listen.address"].as_str() {
            return format!("http://{address}");
        }
        seen.push(line);
    }
    panic!("nws ended before it served:\n{}", seen.join("\n"));
}

/// Passes the log on to the test's output, which is shown when the test fails.
#[expect(
    clippy::print_stdout,
    reason = "a process's log belongs to the output of its test"
)]
async fn echo(mut log: Lines<BufReader<ChildStderr>>) {
    while let Ok(Some(line)) = log.next_line().await {
        println!("{line}");
    }
}
