//! The words that travel: what a client asks for, what waits on the queue, what is told about it.
//!
//! Read in this order:
//! 1. [`recipe`]: what is to be done to a photo, from a form field to canonical bytes.
//! 2. [`job`]: one original and one recipe, with the id that follows from them.
//! 3. [`state`]: where a job stands, the same word in JSON, events, metrics and logs.
//! 4. [`event`]: a state with its place in the job's history.
//! 5. [`timings`], [`contrast`], [`written`]: how long each step took, how well the mark can be read, and how much the
//!    picture lost.
//! 6. [`stats`]: how the fleet is doing.
//!
//! Everything here is a value: no I/O, no clock, no randomness. We parse at the edge, so a value that exists is valid.

pub mod contrast;
pub mod event;
pub mod id;
pub mod job;
pub mod recipe;
pub mod state;
pub mod stats;
pub mod timings;
pub mod written;

pub use contrast::Contrast;
pub use event::{Event, EventId};
pub use id::{Digest, JobId};
pub use job::Job;
pub use recipe::{Context, FieldError, OutputFormat, Recipe, Request};
pub use state::{Failure, Picture, State, Status};
pub use stats::Stats;
pub use timings::{Step, Timings};
pub use written::Written;
