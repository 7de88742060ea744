//! What the tests have in common: processes of the real binary, a client, pictures.

pub(crate) mod client;
pub(crate) mod picture;
pub(crate) mod process;

use std::time::Duration;

/// How long a test waits for an event before it gives up. Generous: the machine may be busy.
pub(crate) const WITHIN: Duration = Duration::from_secs(90);
