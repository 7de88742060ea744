//! A contender as a process of its own, which is asked for one picture after the other.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{
    contender::{Contender, Peers},
    job::{BOX, Job, Output},
};

/// A line on its stdin.
#[derive(Debug, Serialize)]
struct Request<'a> {
    source: &'a Path,
    width: u32,
    height: u32,
    #[serde(flatten)]
    output: Output,
    /// What the engine is asked for, in its own words.
    fields: &'a [(&'a str, &'a str)],
    /// Nothing is to be done but to write it as PNG. libvips understands this.
    plain: bool,
    /// Where the file is to be put, when it is looked at.
    result: Option<&'a Path>,
}

impl<'a> Request<'a> {
    const fn plain(source: &'a Path) -> Self {
        let (width, height) = BOX;
        Self {
            source,
            width,
            height,
            output: Output::PNG,
            fields: &[],
            plain: true,
            result: None,
        }
    }
}

/// A line on its stdout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Done(Done),
    /// It cannot do this, and why.
    Missing {
        missing: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// In user space and in the kernel, from the path of the source to the bytes of the result.
    pub(crate) cpu_ms: f64,
    pub(crate) bytes: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The first line on its stdout.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Greeting {
    pub(crate) version: String,
}

/// A running contender. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Runner {
    contender: Contender,
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) version: String,
}

impl Runner {
    pub(crate) fn start(contender: Contender, peers: &Peers) -> anyhow::Result<Self> {
        let mut command = contender.command(peers)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let requests = child.stdin.take().context("stdin is a pipe")?;
        let answers = BufReader::new(child.stdout.take().context("stdout is a pipe")?);
        let mut runner = Self {
            contender,
            child,
            requests,
            answers,
            version: String::new(),
        };
        let greeting: Greeting = serde_json::from_str(&runner.line()?)?;
        runner.version = greeting.version;
        Ok(runner)
    }

    /// Does `job` to `source`; the file is kept only where `result` says.
    pub(crate) fn ask(
        &mut self,
        job: &Job,
        source: &Path,
        result: Option<&Path>,
    ) -> anyhow::Result<Answer> {
        self.send(&Request {
            output: job.output,
            fields: job.fields,
            plain: false,
            result,
            ..Request::plain(source)
        })
    }

    /// Makes `file` a PNG, for readers of fewer formats.
    pub(crate) fn convert(&mut self, file: &Path) -> anyhow::Result<()> {
        self.send(&Request {
            result: Some(file),
            ..Request::plain(file)
        })?;
        Ok(())
    }

    fn send(&mut self, request: &Request<'_>) -> anyhow::Result<Answer> {
        writeln!(self.requests, "{}", serde_json::to_string(request)?)?;
        let line = self.line()?;
        let name = self.contender.name();
        serde_json::from_str(&line).with_context(|| format!("{name} said {line:?}"))
    }

    /// Most memory it has had so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: u64 = kibibytes.context("the kernel knows peaks")?.parse()?;
        Ok(kibibytes * 1024)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line)?;
        anyhow::ensure!(read > 0, "{} ended", self.contender.name());
        Ok(line)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // It may have ended already; nothing of it is needed any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
