//! One guest, and what its host makes of its words.

use std::{
    env,
    io::{self, PipeReader, Read as _},
    ops::ControlFlow,
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use engine::Rendered;
use rustix::process::Signal;
use schemas::{OutputFormat, Recipe, Step, recipe::Side};
use tracing::warn;

use super::{Options, TICK, usage::Usage};
use crate::{
    channel::{self, Channel, Done, Heard, Order, Word, Work},
    lock_in::Sandbox,
    memory::Memory,
    render::{Fault, Made, Refusal, Task, Watch},
};

/// How long a guest may take until it waits for work: fonts are looked through, on a machine that may be busy.
const START_MAX: Duration = Duration::from_secs(30);

/// Pictures that one guest works on. Whatever one of them left behind in it does not stay for ever.
const PICTURES_MAX: u32 = 1000;

/// What a guest may hold of the machine's memory between two pictures. Its allocator keeps what a large one needed.
const RESIDENT_BYTES_MAX: u64 = 192 * 1024 * 1024;

/// What is read of a dead guest's last words.
const LAST_WORDS_BYTES_MAX: u64 = 2048;

/// A child process that works, or waits for work. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    child: Child,
    channel: Channel<OwnedFd>,
    memory: Memory,
    usage: Usage,
    /// Its standard error.
    last_words: PipeReader,
    pictures: u32,
    is_dead: bool,
}

/// Why a guest did not begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error(transparent)]
    System(#[from] io::Error),
    #[error("{0}")]
    NotReady(String),
    #[error("it was not ready within {} s", START_MAX.as_secs())]
    TooSlow,
    #[error("it died at its start: {0}")]
    Died(String),
}

impl Guest {
    /// Starts one, and waits until it is locked in and waits for work. Whoever calls is its parent: it ends with that
    /// thread.
    pub(super) fn start(options: &Options) -> Result<(Self, Sandbox), StartError> {
        let setting = options.setting();
        let memory = Memory::new(setting.layout)?;
        let (channel, theirs) = channel::pair()?;
        let (last_words, stderr) = io::pipe()?;
        let child = Command::new(&options.program)
            .arg0(env::args_os().next().unwrap_or_default()) // as its host is called in lists of processes
            .args(&options.arguments)
            .env_clear()
            .stdin(theirs)
            .stdout(memory.for_guest()?)
            .stderr(Stdio::from(stderr))
            .spawn()?;
        let mut guest = Self {
            usage: Usage::of(&child)?,
            child,
            channel,
            memory,
            last_words,
            pictures: 0,
            is_dead: false,
        };
        // One that died before it listened is gone for who listens to it, and its end says more than a broken pipe.
        drop(guest.channel.hand(options.fonts.file()));
        drop(guest.channel.say(&Order::Begin(setting)));
        let sandbox = guest.ready()?;
        Ok((guest, sandbox))
    }

    fn ready(&mut self) -> Result<Sandbox, StartError> {
        match self.channel.hear_within(START_MAX)? {
            Heard::Said(Word::Ready(sandbox)) => Ok(sandbox),
            Heard::Said(Word::NotReady(problem)) => Err(StartError::NotReady(problem)),
            Heard::Said(other) => Err(StartError::NotReady(format!("it said {other:?}"))),
            Heard::Nothing => Err(StartError::TooSlow),
            Heard::Gone => Err(StartError::Died(match self.bury() {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            })),
        }
    }

    /// Whether it waits for work, as it should.
    pub(super) fn is_well(&self) -> bool {
        matches!(self.channel.hear_now::<Word>(), Ok(Heard::Nothing))
    }

    /// Ends it, and logs why and with which last words.
    pub(super) fn dismiss(&mut self, why: &str) {
        warn!("slot {} is dismissed: {why}", self.child.id());
        drop(self.bury());
    }

    /// Whether it holds nothing of a picture before.
    pub(super) const fn is_fresh(&self) -> bool {
        self.pictures == 0
    }

    /// Whether another one should take its place.
    pub(super) fn is_worn(&self) -> bool {
        let resident = || self.usage.resident_bytes();
        self.is_dead
            || self.pictures >= PICTURES_MAX
            || resident().is_ok_and(|bytes| bytes > RESIDENT_BYTES_MAX)
    }

    /// Works on `task` until it is done or `watch` stops it.
    pub(super) fn work(
        &mut self,
        task: &Task<'_>,
        watch: &mut dyn Watch,
        options: &Options,
    ) -> Result<Made, Fault> {
        self.pictures += 1;
        let allowed = self.hand_over(task, options).map_err(|error| {
            self.is_dead = true; // nobody knows what of it arrived
            Fault::NoSlot(error.to_string())
        })?;
        let end = self.listen(watch, allowed, options)?;
        let made = self.understand(end, task, options);
        let result_bytes = made.as_ref().map_or(0, |made| made.rendered.bytes.len());
        if let Err(error) = self.memory.give_back(task.original.len(), result_bytes) {
            warn!(%error, "a slot's memory cannot be given back");
        }
        made
    }

    /// Says how much CPU time it may have had in the end.
    fn hand_over(&self, task: &Task<'_>, options: &Options) -> io::Result<Duration> {
        let allowed = self.usage.allow_cpu(options.cpu_secs_max)?;
        self.memory.put_original(task.original)?;
        if let Some((logo, _)) = task.logo {
            self.memory.put_logo(logo)?;
        }
        self.channel.say(&Order::Work(Work {
            original_bytes: task.original.len(),
            logo: task.logo.map(|(logo, sha256)| (logo.len(), sha256)),
            recipe: task.recipe.clone(),
        }))?;
        Ok(allowed)
    }

    /// Its word on how the picture ended. While it works it is watched; when it does not stop as told, it is killed.
    fn listen(
        &mut self,
        watch: &mut dyn Watch,
        allowed: Duration,
        options: &Options,
    ) -> Result<Word, Fault> {
        let (mut begun, mut told_to_stop) = (None, None::<Instant>);
        loop {
            let wanted = match self.channel.hear_within(TICK) {
                Ok(Heard::Said(Word::Step(step))) if is_next(step, begun) => {
                    begun = Some(step);
                    watch.begin(step)
                }
                Ok(Heard::Said(Word::Step(step))) => {
                    return Err(self.lied(&format!("{step:?} after {begun:?}")));
                }
                Ok(Heard::Said(Word::Stopped)) if told_to_stop.is_none() => {
                    return Err(self.lied("that it was stopped, and nobody had"));
                }
                Ok(Heard::Said(end)) => return Ok(end),
                Ok(Heard::Nothing) if self.usage.ignores(allowed) => {
                    drop(self.bury());
                    return Err(cpu_exceeded(options));
                }
                Ok(Heard::Nothing) => watch.go_on(),
                // It may have died of the stop, or of what it was stopped for.
                Ok(Heard::Gone) if told_to_stop.is_some() => {
                    drop(self.bury());
                    return Err(Fault::Stopped);
                }
                Ok(Heard::Gone) => return Err(self.died(options)),
                // What could not be read of it stays unsaid: it may be anything.
                Err(_) => return Err(self.lied("words that are no message")),
            };
            if wanted == ControlFlow::Break(()) {
                let since = told_to_stop.get_or_insert_with(|| {
                    // Who does not hear it is killed.
                    drop(self.channel.say(&Order::Stop));
                    Instant::now()
                });
                if since.elapsed() > options.stop_max {
                    drop(self.bury());
                    return Err(Fault::Stopped);
                }
            }
        }
    }

    fn understand(&mut self, end: Word, task: &Task<'_>, options: &Options) -> Result<Made, Fault> {
        Err(match end {
            Word::Done(done) => return self.take(done, task),
            Word::Refused { code, message } => match Refusal::heard(code, &message) {
                Some(refusal) => refusal.into(),
                None => self.lied("a refusal without a reason"),
            },
            Word::TooLong { size_bytes } => Fault::ResultTooLong {
                size_bytes,
                size_bytes_max: options.result_bytes_max,
            },
            Word::Stopped => Fault::Stopped,
            Word::OutOfMemory => {
                drop(self.bury());
                Fault::MemoryExceeded {
                    limit_bytes: options.memory_bytes_max(),
                }
            }
            Word::Ready(_) | Word::NotReady(_) | Word::Step(_) => {
                self.lied("a word at the wrong time")
            }
        })
    }

    /// The result, out of its reach before anybody looks at it.
    fn take(&mut self, done: Done, task: &Task<'_>) -> Result<Made, Fault> {
        match self.memory.take_result(done.size_bytes) {
            Ok(Some(bytes)) => {
                let rendered = done.with(bytes);
                match promise_broken(&rendered, task.recipe) {
                    Some(lie) => Err(self.lied(lie)),
                    None => Ok(rendered.into()),
                }
            }
            Ok(None) => Err(self.lied("a result that is longer than there is room")),
            Err(error) => {
                self.is_dead = true;
                Err(Fault::NoSlot(error.to_string()))
            }
        }
    }

    /// Whoever says what no guest says is not ours any more.
    fn lied(&mut self, what: &str) -> Fault {
        drop(self.bury());
        Fault::Crashed(format!("it said what no slot says: {what}"))
    }

    fn died(&mut self, options: &Options) -> Fault {
        let status = match self.bury() {
            Ok(status) => status,
            Err(error) => return Fault::Crashed(error.to_string()),
        };
        match status.signal().and_then(Signal::from_named_raw) {
            Some(Signal::XCPU) => cpu_exceeded(options),
            // None can do that to itself: seccomp ends by another signal.
            Some(Signal::KILL) => Fault::Killed,
            Some(Signal::SYS) => {
                Fault::Crashed("it asked for a system call that it may not have".to_owned())
            }
            _ => Fault::Crashed(status.to_string()),
        }
    }

    /// Kills it, unless it is dead already, and logs its last words.
    fn bury(&mut self) -> io::Result<ExitStatus> {
        self.is_dead = true;
        self.child.kill()?;
        let status = self.child.wait()?;
        let words = self.last_words();
        warn!(%status, last_words = words, "slot {} has ended: {status}", self.child.id());
        Ok(status)
    }

    /// It had the only other end of the pipe, so there is an end to read up to.
    fn last_words(&self) -> String {
        let mut words = Vec::new();
        let read = (&self.last_words)
            .take(LAST_WORDS_BYTES_MAX)
            .read_to_end(&mut words);
        match read {
            Ok(_) => String::from_utf8_lossy(&words).trim().to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // One that is dead already is only waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const fn cpu_exceeded(options: &Options) -> Fault {
    Fault::CpuExceeded {
        limit_secs: options.cpu_secs_max,
    }
}

/// What `rendered` cannot be, if it was made by `recipe`. Nobody decodes it here: pixels are a guest's.
fn promise_broken(rendered: &Rendered, recipe: &Recipe) -> Option<&'static str> {
    let asked = Some(recipe.wm_format);
    let fits = |side, box_side: Side| (1..=box_side.pixels()).contains(&side);
    if Some(rendered.format) != asked || OutputFormat::of_bytes(&rendered.bytes) != asked {
        Some("a result of another format")
    } else if !fits(rendered.width, recipe.width) || !fits(rendered.height, recipe.height) {
        Some("a result that is not in its box")
    } else {
        None
    }
}

/// Whether `step` is one of the engine's, and comes after `begun`.
fn is_next(step: Step, begun: Option<Step>) -> bool {
    (Step::Decode..=Step::Encode).contains(&step) && Some(step) > begun
}
