//! Uploads over HTTP/2 that are answered before they have come.

use crate::{
    frames::{DATA, END_STREAM, HEADERS, RST_STREAM, Wire},
    support::Server,
};

/// Waits until each of so many streams has its whole answer.
async fn answered(wire: &mut Wire, streams: usize) {
    let mut ended = 0;
    while ended < streams {
        let frame = wire.next().await;
        let is_answer = matches!(frame.kind, DATA | HEADERS);
        ended += usize::from(is_answer && frame.flags & END_STREAM != 0);
    }
}

/// A reset in the same breath is what curl 7.88 and Node 20 take for the answer.
#[tokio::test]
async fn an_answer_that_comes_early_is_not_overtaken_by_a_reset() {
    let server = Server::start().await;
    let mut wire = Wire::to(server.address).await;
    wire.begin_upload(1).await;
    answered(&mut wire, 1).await;
    for flags in [0, 0, END_STREAM] {
        wire.send(DATA, flags, 1, &[0; 1000]).await;
        let said = wire.said().await;
        assert!(said.iter().all(|it| it.kind != RST_STREAM), "{said:?}");
    }
}

/// What is under way of an upload when its answer goes out is no mistake of its client's.
#[tokio::test]
async fn a_connection_outlives_many_uploads_that_are_refused_while_they_come() {
    let server = Server::start().await;
    let mut wire = Wire::to(server.address).await;
    let streams = || (0..95).map(|n| 2 * n + 1);
    for stream in streams() {
        wire.begin_upload(stream).await;
    }
    answered(&mut wire, streams().count()).await;
    for flags in [0, 0, END_STREAM] {
        for stream in streams() {
            wire.send(DATA, flags, stream, &[0; 1000]).await;
        }
    }
    wire.said().await;
    wire.begin_upload(1001).await;
    answered(&mut wire, 1).await;
}

/// What it sends may be as much as its window, over and over: room for it is given back.
#[tokio::test]
async fn an_upload_that_is_refused_may_be_sent_to_its_end() {
    let server = Server::start().await;
    let mut wire = Wire::to(server.address).await;
    wire.begin_upload(1).await;
    answered(&mut wire, 1).await;
    for _ in 0..128 {
        wire.send(DATA, 0, 1, &[0; 16 * 1024]).await;
        let said = wire.said().await;
        assert!(said.iter().all(|it| it.kind != RST_STREAM), "{said:?}");
    }
}
