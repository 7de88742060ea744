//! Where pixels are worked on: in a process that may crash, hang or be taken over, and harms nobody.
//!
//! Photographs come from strangers, and decoders are written in C as well as in Rust. So the bytes go to a guest: a child
//! process, kept warm, that can reach nothing but its memory and the channel to its host, and that the host can kill.
//!
//! Read in this order:
//! 1. [`render`]: what there is to do, and how it ends; [`InProcess`] does it right here, for who trusts the picture.
//! 2. [`host`]: guests side by side, each watched while it works, and replaced when it has died.
//! 3. [`guest`]: the child's side, from its start to its last word.
//! 4. [`channel`], [`memory`] and [`fonts`]: what goes between the two, words and bytes.
//! 5. [`lock_in`]: what a guest gives up before it sees a byte; [`scarce`]: how it tells that memory was not enough.
//!
//! The guest may lie: the host takes no length, no text and no digest from it unchecked, and copies a result out before it
//! looks at it.

mod channel;
mod fonts;
pub mod guest;
pub mod host;
mod lock_in;
mod memory;
pub mod render;
mod scarce;

pub use fonts::SharedFonts;
pub use host::{Guests, Health};
pub use lock_in::{Part, Sandbox};
pub use render::{Fault, InProcess, Made, Refusal, Renderer, Task, Watch};
