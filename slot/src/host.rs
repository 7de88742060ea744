//! Guests side by side: each works on one picture at a time, and is replaced when it has died or is worn out.
//!
//! Read in this order: [`Guests`], which lends them out; `guest`, one of them and what its host makes of its words;
//! `usage`, what it has used; `nursery`, where new ones come from.

mod guest;
mod nursery;
mod usage;

use std::{
    mem,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use engine::{Limits, logo::LOGO_BYTES_MAX};

use self::guest::Guest;
use crate::{
    channel::Setting,
    fonts::SharedFonts,
    lock_in::Sandbox,
    memory::Layout,
    render::{Fault, Made, Renderer, Task, Watch},
};

/// Guests beside those that work, so that the place of one that died is taken at once.
const SPARE: usize = 1;

/// Between two looks whether the work is still wanted, where nothing is heard meanwhile.
const TICK: Duration = Duration::from_millis(50);

/// What a guest may take besides the engine's estimate: what the allocator holds in pieces, what it remembers of texts and
/// the last logo, and what an estimate from a header misses.
const MEMORY_MARGIN_BYTES: u64 = 256 * 1024 * 1024;

/// How long a guest that was told to stop has by default: a step of a small picture.
pub const STOP_MAX: Duration = Duration::from_millis(250);

/// Why a guest goes that waited for work.
const NOT_WELL: &str = "it died, or spoke, while nothing was asked of it";

/// What guests are, and what they may do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program that is a guest, and its arguments.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Pictures at once.
    pub places: usize,
    /// What marks are drawn with, besides the fonts inside the program.
    pub fonts: SharedFonts,
    /// What the engine takes on.
    pub limits: Limits,
    /// The longest original.
    pub original_bytes_max: u64,
    /// The longest result.
    pub result_bytes_max: u64,
    /// CPU time of one picture.
    pub cpu_secs_max: u64,
    /// How long one that was told to stop may take until it has; then it is killed.
    pub stop_max: Duration,
    /// Whether they are locked in.
    pub is_locked_in: bool,
}

/// Guests at work, and some that wait for it. They end when this is dropped.
#[derive(Debug)]
pub struct Guests {
    options: Options,
    hall: Arc<Hall>,
    replacements: mpsc::Sender<Guest>,
}

/// How the guests are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How far the last one that began is locked in; `None` until there is one.
    pub sandbox: Option<Sandbox>,
    /// Why none begins, while none does.
    pub failing: Option<String>,
}

/// Where guests wait for work, and who has work for guests.
#[derive(Debug, Default)]
struct Hall {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Guest>,
    /// Guests that are lent out.
    working: usize,
    health: Health,
}

/// A guest in the hands of somebody who has work for it. However that ends, its place is taken again.
struct Lent<'g> {
    guests: &'g Guests,
    /// There until it is given back.
    guest: Option<Guest>,
}

impl Guests {
    /// Begins to start guests, and goes on for as long as this lives. It waits for none.
    pub fn start(options: Options) -> Self {
        let hall = Arc::<Hall>::default();
        let (replacements, orders) = mpsc::channel();
        nursery::open(options.clone(), &hall, orders);
        Self {
            options,
            hall,
            replacements,
        }
    }

    /// How the guests are now.
    pub fn health(&self) -> Health {
        self.hall.lock().health.clone()
    }

    /// A guest that is well, as soon as there is one.
    fn borrow(&self, watch: &mut dyn Watch) -> Result<Lent<'_>, Fault> {
        loop {
            let mut lent = Lent {
                guest: Some(self.hall.wait(watch)?),
                guests: self,
            };
            if lent.guest().is_well() {
                return Ok(lent);
            }
            lent.guest().dismiss(NOT_WELL);
        }
    }

    /// The same, and one that has worked on nothing yet. Warm ones that come first make room for such.
    fn borrow_fresh(&self, watch: &mut dyn Watch) -> Result<Lent<'_>, Fault> {
        loop {
            let mut lent = self.borrow(watch)?;
            if lent.guest().is_fresh() {
                return Ok(lent);
            }
            lent.guest()
                .dismiss("a picture needs all the memory of a fresh one");
        }
    }

    fn replace(&self, guest: Guest) {
        // The nursery is there for as long as `self` is; a guest that cannot be sent there ends here.
        drop(self.replacements.send(guest));
    }
}

impl Drop for Guests {
    /// Ends those that wait; one that is just being started ends by itself, when the nursery hears that nobody is left.
    fn drop(&mut self) {
        self.hall.lock().idle.clear();
    }
}

impl Renderer for Guests {
    fn render(&self, task: &Task<'_>, watch: &mut dyn Watch) -> Result<Made, Fault> {
        let mut lent = self.borrow(watch)?;
        let was_fresh = lent.guest().is_fresh();
        let made = lent.guest().work(task, watch, &self.options);
        drop(lent);
        match made {
            // What it kept of the pictures before may have been too much, and not this one.
            Err(Fault::MemoryExceeded { .. }) if !was_fresh => {
                let mut fresh = self.borrow_fresh(watch)?;
                fresh.guest().work(task, watch, &self.options)
            }
            made => made,
        }
    }

    fn is_open(&self) -> bool {
        self.hall.lock().is_open()
    }
}

impl Lent<'_> {
    fn guest(&mut self) -> &mut Guest {
        self.guest
            .as_mut()
            .expect("it is lent until this is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(guest) = self.guest.take() else {
            return;
        };
        // Whoever watched may have panicked half way through a picture.
        if thread::panicking() || guest.is_worn() {
            self.guests.replace(guest);
        } else {
            self.guests.hall.welcome(guest);
        }
        // Only now, or there would be none for a moment, neither here nor there.
        self.guests.hall.lock().working -= 1;
    }
}

impl State {
    /// Whether there is a guest, or will be: most of those that are lent out come back.
    const fn is_open(&self) -> bool {
        self.health.failing.is_none() || !self.idle.is_empty() || self.working > 0
    }
}

impl Options {
    fn guests(&self) -> usize {
        self.places + SPARE
    }

    fn memory_bytes_max(&self) -> u64 {
        let decoded = self.limits.decoded_bytes_max;
        decoded.saturating_add(MEMORY_MARGIN_BYTES)
    }

    fn setting(&self) -> Setting {
        let room = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Setting {
            layout: Layout {
                original_bytes_max: room(self.original_bytes_max),
                logo_bytes_max: room(LOGO_BYTES_MAX),
                result_bytes_max: room(self.result_bytes_max),
            },
            fonts: self.fonts.lengths(),
            limits: self.limits,
            memory_bytes_max: self.memory_bytes_max(),
            is_locked_in: self.is_locked_in,
        }
    }
}

impl Hall {
    /// A guest that waits for work, the one that worked last: its memory is warm.
    fn wait(&self, watch: &mut dyn Watch) -> Result<Guest, Fault> {
        let mut state = self.lock();
        loop {
            if let Some(guest) = state.idle.pop() {
                state.working += 1;
                return Ok(guest);
            }
            if let (false, Some(why)) = (state.is_open(), &state.health.failing) {
                return Err(Fault::NoSlot(why.clone()));
            }
            if let ControlFlow::Break(()) = watch.go_on() {
                return Err(Fault::Stopped);
            }
            let waited = self.arrival.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends those who wait and are not well, and says how many there were.
    fn dismiss_unwell(&self) -> usize {
        let mut state = self.lock();
        let idle = mem::take(&mut state.idle);
        let (well, mut unwell): (Vec<_>, Vec<_>) = idle.into_iter().partition(Guest::is_well);
        state.idle = well;
        drop(state);
        unwell.iter_mut().for_each(|guest| guest.dismiss(NOT_WELL));
        unwell.len()
    }

    fn welcome(&self, guest: Guest) {
        self.lock().idle.push(guest);
        self.arrival.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
