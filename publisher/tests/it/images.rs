//! The result's bytes.

use std::sync::Arc;

use backends::{
    Key, ObjectStore as _, Results as _,
    objects::{Body, IN_FLIGHT_BYTES_MAX, IN_MEMORY_BYTES_MAX, Memory, MemoryConfig},
};
use schemas::{Digest, State, Status, Timings};
use tokio::time::timeout;

use crate::{
    support::{PATIENCE, Server, client, photo, until},
    wire::Http2,
};

const RESULT: &[u8] = b"\xff\xd8\xff result";

#[tokio::test]
async fn an_image_is_given_with_its_type_length_and_tag() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let path = format!("/image/{id}");
    for method in ["GET", "HEAD"] {
        let answer = client::send(server.address, method, &path, &[], "".into()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "image/jpeg");
        assert_eq!(answer.header("content-length"), RESULT.len().to_string());
        assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=86400, immutable"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(answer.body, if method == "GET" { RESULT } else { b"" });
    }
}

/// Neither by its digest nor by its job, however the path is spelled.
#[tokio::test]
async fn an_original_is_never_given() {
    let server = Server::start().await;
    let photo = photo(1);
    let id = server.accepted(&photo).await;
    let sha256 = Digest::of(&photo);
    let key = Key::Original(sha256);
    assert!(server.objects.get(&key, 1 << 20).await.unwrap().is_some());
    for path in [
        format!("/{key}"),
        format!("/image/{id}"),
        format!("/image/{sha256}"),
        format!("/image/{key}"),
        format!("/image/../{key}"),
        format!("/image/..%2f{}", key.to_string().replace('/', "%2f")),
        format!("/assets/..%2f{}", key.to_string().replace('/', "%2f")),
        format!("/image/{id}/original"),
        format!("/status/{sha256}"),
        format!("/logo/{sha256}"),
    ] {
        server.get(&path, &[]).await.problem(404);
    }
    let told = server.get(&format!("/status/{id}"), &[]).await;
    let told = String::from_utf8_lossy(&told.body).into_owned();
    assert!(!told.contains(&sha256.to_string()), "{told}");
}

#[tokio::test]
async fn who_has_the_image_is_not_sent_it_again() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let path = format!("/image/{id}");
    let etag = format!("\"{}\"", Digest::of(RESULT));
    for tag in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"x\", {etag}"),
        "*".to_owned(),
    ] {
        let answer = server.get(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(
            (answer.status, answer.header("etag")),
            (304, etag.as_str()),
            "{tag}"
        );
        assert!(answer.body.is_empty());
    }
    assert_eq!(
        server
            .get(&path, &[("if-none-match", "\"x\"")])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_image_needs_no_record() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let path = format!("/image/{id}");
    server.get(&path, &[]).await.problem(404);
    server.finish(&id, RESULT).await;
    server.results.forget(&id);
    let answer = server.get(&path, &[]).await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
    server.results.broken.set(true);
    assert_eq!(server.get(&path, &[]).await.body, RESULT);
}

#[tokio::test]
async fn an_image_that_is_there_is_given_although_its_end_was_lost() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let mut state = State::queued(id, Timings::default());
    state.status = Status::Processing;
    server.announce(state).await;
    let answer = server.get(&format!("/image/{id}"), &[]).await;
    assert_eq!((answer.status, &answer.body[..]), (200, RESULT));
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
}

#[tokio::test]
async fn the_image_of_a_job_that_was_taken_back_is_not_given() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let (key, body) = (Key::Result(id), Body::Bytes(RESULT.into()));
    server.objects.put(&key, body, "image/jpeg").await.unwrap();
    let path = format!("/image/{id}");
    assert_eq!(server.get(&path, &[]).await.status, 200);
    server.results.cancel(&id, None).await.unwrap();
    for headers in [&[][..], &[("if-none-match", "*")]] {
        server.get(&path, headers).await.problem(404);
    }
}

#[tokio::test]
async fn images_that_nobody_takes_do_not_fill_the_memory() {
    const SIZE_BYTES: usize = 40 * 1024 * 1024;
    static IMAGE: [u8; SIZE_BYTES] = [0; SIZE_BYTES];
    let room = IN_MEMORY_BYTES_MAX + IN_FLIGHT_BYTES_MAX;
    let server = Server::with(|config| config.images_in_flight_bytes_max = room).await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &IMAGE).await;
    let path = format!("/image/{id}");
    let get = async || client::open(server.address, "GET", &path, &[], "".into()).await;
    let slow = [get().await, get().await];
    assert!(
        slow.iter().all(|answer| answer.status == 200),
        "of a long one a few pieces are held"
    );
    let refused = server.get(&path, &[]).await;
    refused.problem(503);
    refused.asks_back_soon();
    server.results.forget(&id);
    server.get(&path, &[]).await.problem(503);
    drop(slow);
    let again = async { while server.get(&path, &[]).await.status != 200 {} };
    timeout(PATIENCE, again).await.expect("its memory is free");
}

#[tokio::test]
async fn slow_readers_of_the_store_have_so_many_places_and_hold_up_nothing_else() {
    static IMAGE: [u8; 40 * 1024 * 1024] = [0; 40 * 1024 * 1024];
    let server = Server::of(|parts| {
        parts.config.image_reads_max = 1;
        let (store, memory) = (Arc::clone(&parts.objects), MemoryConfig::default());
        parts.objects = Arc::new(Memory::new(store, memory, parts.metrics.clone()));
    })
    .await;
    let (long, short) = (
        server.accepted(&photo(1)).await,
        server.accepted(&photo(2)).await,
    );
    server.finish(&long, &IMAGE).await;
    server.finish(&short, RESULT).await;
    let (long, short) = (format!("/image/{long}"), format!("/image/{short}"));
    let short_answer = server.get(&short, &[]).await;
    assert_eq!(short_answer.status, 200);

    let slow = client::open(server.address, "GET", &long, &[], "".into()).await;
    assert_eq!(slow.status, 200);
    let refused = server.get(&long, &[]).await;
    let problem = refused.problem(503);
    assert_eq!(
        problem["detail"],
        "the limit of 1 reads of images at once is reached"
    );
    refused.asks_back_soon();
    let original = long.replace("image", "original");
    server.get(&original, &[]).await.problem(503);

    assert_eq!(
        server.get(&short, &[]).await.body,
        RESULT,
        "it is in memory"
    );
    let head = client::send(server.address, "HEAD", &long, &[], "".into()).await;
    assert_eq!(head.status, 200);
    let etag = slow.headers["etag"].to_str().unwrap();
    let known = server.get(&long, &[("if-none-match", etag)]).await;
    assert_eq!(known.status, 304);
    server.accepted(&photo(3)).await;
    let text = server.metrics.text();
    for line in [
        r#"nws_bulkhead_in_use{bulkhead="image_reads"} 1"#,
        r#"nws_bulkhead_refusals_total{bulkhead="image_reads"} 2"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    drop(slow);
    until("its place is free", || {
        let text = server.metrics.text();
        text.contains(r#"nws_bulkhead_in_use{bulkhead="image_reads"} 0"#)
    })
    .await;
    assert!(server.get(&long, &[]).await.body == IMAGE[..]);
}

#[tokio::test]
async fn what_lies_in_memory_holds_no_place_however_slowly_it_is_taken() {
    static IMAGE: [u8; 1024 * 1024] = [0; 1024 * 1024];
    let server = Server::of(|parts| {
        parts.config.image_reads_max = 1;
        let (store, memory) = (Arc::clone(&parts.objects), MemoryConfig::default());
        parts.objects = Arc::new(Memory::new(store, memory, parts.metrics.clone()));
    })
    .await;
    let http2 = Http2::to(server.address).await;
    let mut never_read = Vec::new();
    for seed in 1..4 {
        let id = server.accepted(&photo(seed)).await;
        server.finish(&id, &IMAGE).await;
        let answer = http2.get(&format!("/image/{id}")).await;
        assert_eq!(answer.status(), 200);
        never_read.push(answer);
    }
}

/// Of several pieces, no two of which are alike.
static LONG: [u8; 5 * 1024 * 1024] = {
    let mut bytes = [0; 5 * 1024 * 1024];
    let mut place = 0;
    while place < bytes.len() {
        bytes[place] = (place >> 16) as u8;
        place += 4096;
    }
    bytes
};

#[tokio::test]
async fn a_part_of_an_image_is_given_to_who_asks_for_it() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    let path = format!("/image/{id}");
    let last = LONG.len() - 1;
    for (range, part) in [
        ("bytes=0-9", 0..10),
        ("bytes=100000-299999", 100_000..300_000),
        ("bytes=5242870-", 5_242_870..LONG.len()),
        ("bytes=-7", LONG.len() - 7..LONG.len()),
    ] {
        let answer = server.get(&path, &[("range", range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.body == LONG[part.clone()], "{range}");
        let place = format!("bytes {}-{}/{}", part.start, part.end - 1, LONG.len());
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(&LONG)));
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=86400, immutable"
        );
    }
    for range in ["bytes=0-1,3-4", "bytes=9-0", "lines=1-2"] {
        let answer = server.get(&path, &[("range", range)]).await;
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, last + 1),
            "{range}"
        );
        assert_eq!(answer.header("accept-ranges"), "bytes");
    }
    let beyond = [("range", "bytes=5242880-")];
    let refused = server.get(&path, &beyond).await;
    refused.problem(416);
    assert_eq!(refused.header("content-range"), "bytes */5242880");
}

#[tokio::test]
async fn a_part_of_other_bytes_is_never_given() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let path = format!("/image/{id}");
    let etag = format!("\"{}\"", Digest::of(RESULT));
    let range = ("range", "bytes=1-2");
    let same = server.get(&path, &[range, ("if-range", &etag)]).await;
    assert_eq!((same.status, &same.body[..]), (206, &RESULT[1..3]));
    let other = server.get(&path, &[range, ("if-range", "\"b\"")]).await;
    assert_eq!((other.status, &other.body[..]), (200, RESULT));
    server
        .get(&path, &[("if-match", "\"b\"")])
        .await
        .problem(412);
    assert_eq!(server.get(&path, &[("if-match", &etag)]).await.status, 200);
}

#[tokio::test]
async fn a_head_reads_nothing_from_the_store() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    let path = format!("/image/{id}");
    let head =
        async |path: String| client::send(server.address, "HEAD", &path, &[], "".into()).await;
    let opened = server.objects.opened();
    let answer = head(path.clone()).await;
    assert_eq!(answer.header("content-length"), LONG.len().to_string());
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(server.objects.opened(), opened);
    server.objects.delete(&Key::Result(id)).await.unwrap();
    assert_eq!(head(path).await.status, 404);
}

#[tokio::test]
async fn a_long_image_without_a_record_has_its_tag_too() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    server.results.forget(&id);
    let path = format!("/image/{id}");
    let answer = server.get(&path, &[]).await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(&LONG)));
    assert!(answer.body == LONG[..]);
    let range = [("range", "bytes=1-3")];
    assert_eq!(server.get(&path, &range).await.body, LONG[1..4]);
    let tag = answer.header("etag");
    for (condition, status) in [("if-match", 200), ("if-none-match", 304)] {
        for method in ["GET", "HEAD"] {
            let asked = [(condition, tag)];
            let answer = client::send(server.address, method, &path, &asked, "".into()).await;
            assert_eq!(answer.status, status, "{method} {condition}");
        }
    }
}

/// The head has promised its length, so that no client takes what came for the whole.
#[tokio::test]
async fn an_image_whose_store_dies_is_never_taken_for_whole() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    server.objects.dies_reading.set(true);
    let path = format!("/image/{id}");
    let answer = client::open(server.address, "GET", &path, &[], "".into()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-length"], LONG.len().to_string());
    let (came, ended_well) = answer.rest().await;
    assert!(came < LONG.len() && !ended_well, "{came} bytes");
    let text = server.metrics.text();
    assert!(
        text.contains(r#"nws_backend_errors_total{backend="objects",op="read"} 1"#),
        "{text}"
    );
    server.objects.dies_reading.set(false);
    assert!(server.get(&path, &[]).await.body == LONG[..]);
}
