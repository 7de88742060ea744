//! `nws` as a process of its own, over the private services of `ops/services`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    task::JoinHandle,
    time::timeout,
};

/// How long a process may take to serve, or to end. Generous: the machine may be busy.
const WITHIN: Duration = Duration::from_secs(90);

/// The unit of times in `/proc`: `USER_HZ` is 100 wherever Linux runs.
const TICK: Duration = Duration::from_millis(10);

/// A running `nws`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: JoinHandle<()>,
    /// Where it serves HTTP.
    pub url: String,
}

/// Where the servers are, and who we are there.
#[derive(Clone, Debug)]
pub struct Services {
    /// `NWS_AMQP_URL`.
    pub amqp_url: String,
    /// `NWS_REDIS_URL`.
    pub redis_url: String,
    /// `NWS_S3_ENDPOINT`.
    pub s3_endpoint: String,
    /// The other settings of S3.
    pub s3: Vec<(String, String)>,
}

impl Services {
    /// What `ops/services` exported.
    ///
    /// # Errors
    /// When it did not.
    pub fn from_env() -> anyhow::Result<Self> {
        let s3 = ["S3_BUCKET", "S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY"];
        let setting = |name: &str| Ok((format!("NWS_{name}"), exported(name)?));
        Ok(Self {
            amqp_url: exported("AMQP_URL")?,
            redis_url: exported("REDIS_URL")?,
            s3_endpoint: exported("S3_ENDPOINT")?,
            s3: s3.into_iter().map(setting).collect::<anyhow::Result<_>>()?,
        })
    }
}

/// What `ops/services` exported under `NWS_TEST_<name>`.
///
/// # Errors
/// When it did not.
pub fn exported(name: &str) -> anyhow::Result<String> {
    let name = format!("NWS_TEST_{name}");
    env::var(&name).with_context(|| format!("{name} is not set: run this under `ops/services run`"))
}

/// The `nws` beside this binary.
///
/// # Errors
/// When there is none.
pub fn binary_beside() -> anyhow::Result<PathBuf> {
    let nws = env::current_exe()?.with_file_name("nws");
    anyhow::ensure!(
        nws.exists(),
        "{} is missing: `cargo build --release` makes it",
        nws.display()
    );
    Ok(nws)
}

/// A command line of `binary`, without any setting from outside.
pub fn command(binary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    for (key, _) in env::vars().filter(|(key, _)| key.starts_with("NWS_")) {
        command.env_remove(key);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A role of the fleet `namespace`, over `services`.
pub fn role(binary: &Path, role: &str, namespace: &str, services: &Services) -> Command {
    let mut command = command(binary, &[role]);
    command
        .env("NWS_NAMESPACE", namespace)
        .env("NWS_AMQP_URL", &services.amqp_url)
        .env("NWS_REDIS_URL", &services.redis_url)
        .env("NWS_S3_ENDPOINT", &services.s3_endpoint)
        .envs(services.s3.iter().cloned());
    command
}

impl Process {
    /// Starts `command` with its data below `data`, on a free port unless `settings` name one. Every line of its log
    /// goes to `hear`.
    ///
    /// # Errors
    /// When it does not serve in time.
    pub async fn start(
        mut command: Command,
        data: &Path,
        settings: &[&str],
        hear: impl FnMut(String) + Send + 'static,
    ) -> anyhow::Result<Self> {
        command.arg("--data").arg(data);
        if !settings
            .iter()
            .any(|setting| setting.starts_with("listen="))
        {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.env("NWS_LOG_FORMAT", "json").stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().context("standard error is piped")?;
        let mut log = BufReader::new(stderr).lines();
        let url = timeout(WITHIN, served_url(&mut log))
            .await
            .context("nws does not serve in time")??;
        let log = tokio::spawn(pass_on(log, hear));
        Ok(Self { child, log, url })
    }

    /// Stops reading its log, as a log collector that died does.
    pub async fn deafen(&mut self) {
        self.log.abort();
        let _ = (&mut self.log).await;
    }

    /// Ends it at once, as a power cut would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not, in time.
    pub async fn terminate(mut self) -> anyhow::Result<ExitStatus> {
        signal("TERM", self.id()?).await?;
        let ended = timeout(WITHIN, self.child.wait()).await;
        Ok(ended.context("nws does not drain in time")??)
    }

    /// The most memory it had resident so far, in bytes (`VmHWM` of proc(5)).
    ///
    /// # Errors
    /// When it has ended.
    pub fn peak_bytes(&self) -> anyhow::Result<u64> {
        peak_bytes(self.id()?)
    }

    /// Lets the peak begin anew from what it has now (`clear_refs` of proc(5)).
    ///
    /// # Errors
    /// When it has ended.
    pub fn reset_peak(&self) -> anyhow::Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.id()?), "5")?)
    }

    /// The same of the slot that had most. A slot that has ended is not counted.
    pub fn slots_peak_bytes(&self) -> u64 {
        let peaks = self
            .slots()
            .into_iter()
            .filter_map(|it| peak_bytes(it).ok());
        peaks.max().unwrap_or(0)
    }

    /// The time that cores spent so far on it and its slots. A slot that has ended is not counted.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu_time(&self) -> anyhow::Result<Duration> {
        let slots = self.slots().into_iter();
        let slots = slots.filter_map(|slot| cpu_time(&slot.to_string()).ok());
        Ok(cpu_time(&self.id()?.to_string())? + slots.sum::<Duration>())
    }

    /// Its slots: the processes that it has started and that are there, by their ids.
    pub fn slots(&self) -> Vec<u32> {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let parent = self.child.id();
        ids.filter(|id| parent.is_some() && parent_of(*id) == parent)
            .collect()
    }

    /// What the system knows it by.
    ///
    /// # Errors
    /// When it has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}

/// The time that cores spent so far on what `/proc` knows as `who`, in user space and in the kernel: fields 14 and 15
/// of `stat` in proc(5).
///
/// # Errors
/// When there is no such process.
pub fn cpu_time(who: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{who}/stat"))?;
    // The second field is the program's name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("no name in brackets")?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(TICK * u32::try_from(ticks.iter().sum::<u64>())?)
}

fn peak_bytes(id: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// The second field behind the name, in `stat` of proc(5).
fn parent_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Sends a process a signal, by the signal's name.
///
/// # Errors
/// When there is no such process.
pub async fn signal(name: &str, id: u32) -> anyhow::Result<()> {
    let (name, id) = (format!("-{name}"), id.to_string());
    let sent = Command::new("kill").args([&name, &id]).status().await?;
    anyhow::ensure!(sent.success(), "kill {name} {id}: {sent}");
    Ok(())
}

/// The address in the log line that says what is served.
async fn served_url(log: &mut Lines<BufReader<ChildStderr>>) -> anyhow::Result<String> {
    let mut seen = Vec::new();
    while let Some(line) = log.next_line().await? {
        let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = json["listen.address"].as_str() {
            return Ok(format!("http://{address}"));
        }
        seen.push(line);
    }
    bail!("nws ended before it served:\n{}", seen.join("\n"))
}

async fn pass_on(mut log: Lines<BufReader<ChildStderr>>, mut hear: impl FnMut(String)) {
    while let Ok(Some(line)) = log.next_line().await {
        hear(line);
    }
}
