//! A role of the fleet as a process of its own, over the private services of `ops/services`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long a role may take to serve. Generous: the machine may be busy.
const START_WITHIN: Duration = Duration::from_secs(60);

/// What a role is told about the services.
const SETTINGS: [(&str, &str); 7] = [
    ("NWS_AMQP_URL", "NWS_TEST_AMQP_URL"),
    ("NWS_REDIS_URL", "NWS_TEST_REDIS_URL"),
    ("NWS_S3_ENDPOINT", "NWS_TEST_S3_ENDPOINT"),
    ("NWS_S3_BUCKET", "NWS_TEST_S3_BUCKET"),
    ("NWS_S3_REGION", "NWS_TEST_S3_REGION"),
    ("NWS_S3_ACCESS_KEY", "NWS_TEST_S3_ACCESS_KEY"),
    ("NWS_S3_SECRET_KEY", "NWS_TEST_S3_SECRET_KEY"),
];

/// A running role. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Role {
    child: Child,
    /// Where it serves HTTP.
    pub(crate) url: String,
}

impl Role {
    /// Starts `nws ROLE` on a free port, with its data below `data`.
    pub(crate) async fn start(role: &str, namespace: &str, data: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(binary()?);
        command
            .arg(role)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        command
            .env("NWS_NAMESPACE", namespace)
            .env("NWS_LOG_FORMAT", "json")
            .env("NWS_LOG", "info");
        for (setting, test) in SETTINGS {
            let value = env::var(test)
                .with_context(|| format!("{test} is not set: run this under `ops/services run`"))?;
            command.env(setting, value);
        }
        let mut child = command
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let log = child.stderr.take().context("standard error is piped")?;
        let url = timeout(START_WITHIN, served_url(log))
            .await
            .with_context(|| format!("nws {role} did not start"))??;
        Ok(Self { child, url })
    }

    /// The most memory it had resident so far, in bytes (`VmHWM` of proc(5)).
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("the process has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }
}

/// The address in the log line that says what is served; the rest of the log is read and let go.
async fn served_url(log: tokio::process::ChildStderr) -> anyhow::Result<String> {
    let mut lines = BufReader::new(log).lines();
    while let Some(line) = lines.next_line().await? {
        let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = json["listen.address"].as_str() {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(format!("http://{address}"));
        }
        if json.is_null() {
            bail!("{line}");
        }
    }
    bail!("it ended without a word")
}

/// The `nws` beside this binary.
fn binary() -> anyhow::Result<PathBuf> {
    let nws = env::current_exe()?.with_file_name("nws");
    anyhow::ensure!(
        nws.exists(),
        "{} is missing: `cargo build --release` makes it",
        nws.display()
    );
    Ok(nws)
}
