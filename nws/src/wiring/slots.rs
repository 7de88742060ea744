//! Slots as this program has them: itself, started once more for each, as `nws slot`.

use std::{io, path::PathBuf};

use engine::Fonts;
use publisher::Workshop;
use slot::{
    Fault, Guests, Made, Renderer, Sandbox, SharedFonts, Task, Watch,
    host::{Options, STOP_MAX},
};
use workers::Sandboxing;

use crate::config::Settings;

/// This very program, whichever file has its name by now: a guest is never of another version than its host.
const PROGRAM: &str = "/proc/self/exe";

/// What it means that slots are not locked in.
pub(crate) const OPEN_SLOTS: &str =
    "whoever sends a photo that takes its decoder over has the rights of this process";

/// Where photos are worked on.
#[derive(Debug)]
pub(crate) struct Slots(Guests);

impl Slots {
    /// Begins to start them. They wait for work, as many as the settings say.
    ///
    /// # Errors
    /// When there is no memory for the fonts.
    pub(crate) fn start(settings: &Settings, fonts: &Fonts) -> io::Result<Self> {
        let workers = &settings.workers;
        Ok(Self(Guests::start(Options {
            program: PathBuf::from(PROGRAM),
            arguments: vec!["slot".to_owned()],
            places: workers.worker_slots,
            fonts: SharedFonts::of(fonts)?,
            limits: settings.limits,
            original_bytes_max: settings.publisher.image_bytes_max,
            result_bytes_max: settings.publisher.result_bytes_max,
            cpu_secs_max: workers.job_cpu_secs,
            stop_max: STOP_MAX,
            is_locked_in: workers.sandbox == Sandboxing::On,
        })))
    }
}

impl Renderer for Slots {
    fn render(&self, task: &Task<'_>, watch: &mut dyn Watch) -> Result<Made, Fault> {
        self.0.render(task, watch)
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }
}

impl Workshop for Slots {
    fn slots(&self) -> publisher::Slots {
        let health = self.0.health();
        let sandbox = health.sandbox.map(|sandbox| {
            [
                ("limits", sandbox.limits.as_str()),
                ("landlock", sandbox.landlock.as_str()),
                ("seccomp", sandbox.seccomp.as_str()),
            ]
        });
        let are_there = sandbox.is_some() && health.failing.is_none();
        let slots = publisher::Slots::new(are_there, sandbox.into_iter().flatten().collect());
        match health.sandbox {
            Some(Sandbox::OFF) => slots.with_warning(OPEN_SLOTS),
            _ => slots,
        }
    }
}
