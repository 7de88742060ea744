//! Forms, through the publisher's own front door: every one is answered, and none with a bug of ours.
#![no_main]

#[allow(dead_code, reason = "the publisher's tests need more of it")]
#[path = "../../publisher/tests/it/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use support::{Server, client};
use tokio::runtime::Runtime;

const FORM: [(&str, &str); 1] = [("content-type", "multipart/form-data; boundary=x")];

static PUBLISHER: LazyLock<(Runtime, Server)> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("there is a runtime");
    let server = runtime.block_on(async {
        let server = Server::start().await;
        server.opened().await;
        server
    });
    (runtime, server)
});

fuzz_target!(|bytes: &[u8]| {
    let (runtime, server) = &*PUBLISHER;
    let body = bytes.to_vec().into();
    let answer = runtime.block_on(client::send(server.address, "POST", "/upload", &FORM, body));
    assert!(
        matches!(answer.status, 200..=499 | 503),
        "{} is no answer to a form",
        answer.status
    );
});
