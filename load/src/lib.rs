//! The real binary under load and under faults, seen from outside.
//!
//! Read in this order:
//! 1. [`process`]: `nws` as a process of its own, over the private services of `ops/services`.
//! 2. [`memory`]: what a publisher and a worker need at most; [`flow`]: that a publisher needs no more of it the more goes
//!    through.
//! 3. [`cost`] and [`lateness`]: what a job takes beside its pixels, and what a retry takes beside its wait.
//! 4. [`hits`] and [`stampede`]: how soon known work is answered, and what a thousand identical uploads cause.
//! 5. [`faults`]: a fleet that loses nothing while everything around it breaks.
//! 6. [`mod@hostile`]: a fleet that bad inputs do no harm to.
#![expect(
    clippy::print_stdout,
    reason = "figures are its output, and a process's log belongs to the output of its test"
)]

mod client;
pub mod cost;
pub mod faults;
pub mod flow;
pub mod hits;
pub mod hostile;
pub mod lateness;
pub mod memory;
mod picture;
pub mod process;
mod spread;
pub mod stampede;
