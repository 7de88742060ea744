//! Roles of a fleet, and the servers they share with every other test.

use std::{
    env, fs,
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::StatusCode;
use tempfile::TempDir;

use super::{client::Client, process::Process, until};

/// Names nobody else uses, on servers that every test uses.
pub(crate) fn namespace(test: &str) -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    format!("{test}-{}-{nanos}", std::process::id())
}

/// A role that is ready for work.
pub(crate) async fn role(
    role: &str,
    namespace: &str,
    data: &TempDir,
    settings: &[&str],
) -> Process {
    let process = Process::role(role, namespace, data.path(), settings).await;
    let client = Client::of(&process);
    until(async || client.get("/ready").await.status() == StatusCode::OK).await;
    process
}

/// A server that stands still, as one whose machine swaps or is moved. It goes on when this is dropped.
pub(crate) struct Still {
    pid: String,
}

impl Still {
    /// Stops the server that `ops/services` started under this name.
    pub(crate) fn server(name: &str) -> Self {
        let run = env::var("NWS_SERVICES_RUN").expect("`ops/services run` exports its folder");
        let pid = fs::read_to_string(Path::new(&run).join(name).join("pid")).unwrap();
        let still = Self {
            pid: pid.trim().to_owned(),
        };
        still.signal("-STOP");
        still
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "kill {signal} {}",
            self.pid
        );
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}
