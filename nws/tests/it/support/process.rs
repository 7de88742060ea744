//! `nws` as a process, where a failure ends the test.

use std::{ops::Deref, path::Path, process::ExitStatus};

use load::process::{self, Services};
use tokio::{
    process::Command,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

/// A running `nws`. It is killed when this is dropped.
pub(crate) struct Process(process::Process);

/// The binary under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_nws"))
}

/// A command line of the binary under test, without any setting from outside.
pub(crate) fn nws(arguments: &[&str]) -> Command {
    process::command(binary(), arguments)
}

/// The same for a role or a command, told of the services that `ops/services` started.
pub(crate) fn nws_of_fleet(command: &str, namespace: &str) -> Command {
    let services = Services::from_env().unwrap();
    process::role(binary(), command, namespace, &services)
}

impl Process {
    /// The whole system over the folder `data`.
    pub(crate) async fn embedded(data: &Path, settings: &[&str]) -> Self {
        Self::start(nws(&["run"]), data, settings).await
    }

    /// A role of the fleet `namespace`, over the services that `ops/services` started.
    pub(crate) async fn role(role: &str, namespace: &str, data: &Path, settings: &[&str]) -> Self {
        Self::start(nws_of_fleet(role, namespace), data, settings).await
    }

    /// What `command` runs over the folder `data`.
    pub(crate) async fn start(command: Command, data: &Path, settings: &[&str]) -> Self {
        let process = process::Process::start(command, data, settings, echo).await;
        Self(process.unwrap())
    }

    /// The whole system, and its log as it is written.
    pub(crate) async fn overheard(
        data: &Path,
        settings: &[&str],
    ) -> (Self, UnboundedReceiver<String>) {
        let (hear, log) = unbounded_channel();
        let hear = move |line| drop(hear.send(line));
        let process = process::Process::start(nws(&["run"]), data, settings, hear).await;
        (Self(process.unwrap()), log)
    }

    /// Stops reading its log, as a log collector that died does.
    pub(crate) async fn deafen(&mut self) {
        self.0.deafen().await;
    }

    /// Ends it at once, as a power cut would.
    pub(crate) async fn kill(self) {
        self.0.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn terminate(self) -> ExitStatus {
        self.0.terminate().await.unwrap()
    }
}

impl Deref for Process {
    type Target = process::Process;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// What `ops/services` exported under `NWS_TEST_<name>`.
pub(crate) fn service(name: &str) -> String {
    process::exported(name).unwrap()
}

/// Passes the log on to the test's output, which is shown when the test fails.
#[expect(
    clippy::print_stdout,
    reason = "a process's log belongs to the output of its test"
)]
#[expect(clippy::needless_pass_by_value, reason = "it is the end of the line")]
fn echo(line: String) {
    println!("{line}");
}
