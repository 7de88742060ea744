//! The outside world, as six small ports.
//!
//! Read in this order:
//! 1. [`queue`]: messages that wait for a worker and are never lost. Embedded: SQLite. Networked: RabbitMQ.
//! 2. [`objects`]: originals and results by key. Embedded: files. Networked: S3.
//! 3. [`results`]: where each job stands, and who watches it. Embedded: SQLite. Networked: Redis.
//! 4. [`outbox`]: who is to be told how a job ended. It lies where the records are, so that both change at once.
//! 5. [`fleet`]: which workers live, and what they did of late. Embedded: memory. Networked: Redis.
//! 6. [`quota`]: what each client may still ask for, for all publishers together. Networked: Redis.
//! 7. [`guard`]: what stands before each of them, so that an outage is waited out.
//! 8. [`once`]: what many ask for at the same moment, done once.
//! 9. [`redis_server`]: a server or a cluster, shared by those who need one; [`folder`]: where the embedded ones live;
//!    [`metrics`]: what operators see.
//!
//! Each port has one `contract` that every implementation passes against the real thing. Only `nws::wiring` names a
//! concrete backend.

pub mod clock;
pub mod error;
pub mod fleet;
pub mod folder;
pub mod guard;
pub mod metrics;
pub mod objects;
pub mod once;
pub mod outbox;
pub mod queue;
pub mod quota;
pub mod redis_server;
pub mod results;
mod sqlite;

pub use error::Error;
pub use fleet::Fleet;
pub use folder::{DataFolder, FolderError};
pub use metrics::Metrics;
pub use objects::{Key, ObjectStore};
pub use once::Once;
pub use outbox::Outbox;
pub use queue::{Delivery, Receiver, Sender, Source, Verdict};
pub use quota::Quota;
pub use redis_server::RedisServer;
pub use results::Results;
