//! What the tests have in common: processes of the real binary, a client, pictures.

pub(crate) mod client;
pub(crate) mod fleet;
pub(crate) mod picture;
pub(crate) mod process;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod stranger;

use std::time::Duration;

/// How long a test waits for an event before it gives up. Generous: the machine may be busy.
pub(crate) const WITHIN: Duration = Duration::from_secs(90);

/// Asks again and again until the answer is yes.
pub(crate) async fn until(mut asked: impl AsyncFnMut() -> bool) {
    let mut turns = tokio::time::interval(Duration::from_millis(20));
    let yes = async {
        while !asked().await {
            turns.tick().await;
        }
    };
    tokio::time::timeout(WITHIN, yes)
        .await
        .expect("it comes to be in time");
}
