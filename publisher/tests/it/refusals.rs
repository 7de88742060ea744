//! What is refused, with what was measured and what is allowed.

use serde_json::Value;

use crate::support::{Server, client, form::Form, photo, photo_of};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn one_byte_too_many_is_refused_with_both_numbers() {
    let mut server = Server::start().await;
    let form = Form::new().image("a.png", &photo_of(20 * MIB + 1));
    let problem = server.upload(form, &[]).await.problem(413);
    assert_eq!(
        (&problem["field"], &problem["limit"]),
        (&"image".into(), &(20 * MIB).into())
    );
    assert!(
        problem["measured"].as_u64().unwrap() > 20 * MIB as u64,
        "{problem}"
    );
    server.drain().await;
    assert_eq!(crate::support::files(&server.spool()), 0);
}

#[tokio::test]
async fn a_body_far_beyond_the_limit_is_refused_by_its_announcement() {
    let server = Server::start().await;
    let form = Form::new().image("a.png", &photo_of(40 * MIB));
    let problem = server.upload(form, &[]).await.problem(413);
    assert!(
        problem["measured"].as_u64().unwrap() > 40 * MIB as u64,
        "{problem}"
    );
}

#[tokio::test]
async fn what_is_no_image_is_refused_at_its_first_bytes() {
    let server = Server::start().await;
    for bytes in [&b"%PDF-1.7 not a photo"[..], b"", b"\xff\xd8"] {
        let problem = server
            .upload(Form::new().image("a.jpg", bytes), &[])
            .await
            .problem(415);
        assert_eq!(problem["type"], "urn:nws:problem:unknown_format");
    }
}

#[tokio::test]
async fn a_drawing_is_refused_by_name_whatever_it_is_called() {
    let server = Server::start().await;
    for drawing in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
        b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg/>",
    ] {
        let form = Form::new().image("a.png", drawing);
        let problem = server.upload(form, &[]).await.problem(415);
        assert_eq!(problem["type"], "urn:nws:problem:unsupported_format");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("SVG is not supported"), "{detail}");
    }
}

/// A name and a media type are what a client says. A photo is what its bytes are.
#[tokio::test]
async fn a_photo_is_taken_under_any_name() {
    let server = Server::start().await;
    for (filename, said) in [("a.svg", "image/svg+xml"), ("a.php", "text/html")] {
        let disposition =
            format!("name=\"image\"; filename=\"{filename}\"\r\nContent-Type: {said}");
        let form = Form::new().part(&disposition, &photo(1));
        let answer = server.upload(form, &[]).await;
        assert!(matches!(answer.status, 200 | 202), "{filename}");
    }
}

#[tokio::test]
async fn a_broken_header_is_no_accepted_image() {
    let server = Server::start().await;
    let form = Form::new().image("a.png", &photo(1)[..20]);
    assert_eq!(
        server.upload(form, &[]).await.problem(415)["field"],
        "image"
    );
    assert!(server.sender.sent().is_empty());
}

#[tokio::test]
async fn too_many_pixels_are_refused_from_the_header() {
    let server = Server::start().await;
    let bytes = photo_that_says(20_000, 8);
    let problem = server
        .upload(Form::new().image("a.png", &bytes), &[])
        .await
        .problem(422);
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&20_000.into(), &16_384.into())
    );
}

/// Or its client would send the next photo into it, and hear nothing.
#[tokio::test]
async fn a_form_that_is_not_read_to_its_end_ends_its_connection() {
    let server = Server::start().await;
    let no_image = Form::new().image("a.jpg", &[b'x'; 100_000]);
    let answer = server.upload(no_image, &[]).await;
    assert_eq!((answer.status, answer.header("connection")), (415, "close"));
    let whole = server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    assert!(!whole.headers.contains_key("connection"));
}

#[tokio::test]
async fn a_box_that_needs_too_much_memory_is_refused_from_the_header() {
    let server = Server::start().await;
    let bytes = photo_that_says(9990, 9990);
    let form = |side| {
        Form::new()
            .image("a.png", &bytes)
            .field("width", side)
            .field("height", side)
    };
    assert_eq!(server.upload(form("1000"), &[]).await.status, 202);
    let problem = server.upload(form("9000"), &[]).await.problem(422);
    assert_eq!(problem["type"], "urn:nws:problem:too_many_bytes");
    assert!(problem["measured"].as_u64() > problem["limit"].as_u64());
}

/// A small PNG that announces other dimensions in its header, with the checksum that belongs to it.
fn photo_that_says(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = photo(1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

#[tokio::test]
async fn a_field_that_cannot_be_taken_is_named() {
    let server = Server::start().await;
    for (field, value, measured) in [
        ("wm_glitter", "1", Value::Null),
        ("wm_logo", "logo", Value::Null),
        ("quality", "101", 101.into()),
        ("width", "20000", 20_000.into()),
        ("wm_text", "{shutter}", Value::Null),
    ] {
        let form = Form::new().image("a.png", &photo(1)).field(field, value);
        let problem = server.upload(form, &[]).await.problem(422);
        assert_eq!(
            (&problem["field"], &problem["measured"]),
            (&field.into(), &measured)
        );
    }
}

#[tokio::test]
async fn a_text_that_cannot_be_drawn_names_its_character() {
    let server = Server::start().await;
    let form = Form::new()
        .image("a.png", &photo(1))
        .field("wm_text", "sea \u{10ffff}");
    let problem = server.upload(form, &[]).await.problem(422);
    assert_eq!(problem["field"], "wm_text");
    assert!(
        problem["detail"].as_str().unwrap().contains("U+10FFFF"),
        "{problem}"
    );
}

#[tokio::test]
async fn long_fields_are_refused_together() {
    let server = Server::start().await;
    let form = Form::new()
        .field("wm_text", &"x".repeat(65 * 1024))
        .image("a.png", &photo(1));
    let problem = server.upload(form, &[]).await.problem(413);
    assert_eq!(
        (&problem["field"], &problem["limit"]),
        (&"wm_text".into(), &65_536.into())
    );
}

#[tokio::test]
async fn a_part_that_cannot_be_taken_is_named() {
    let server = Server::start().await;
    let image = || Form::new().image("a.png", &photo(1));
    for (form, field) in [
        (image().image("b.png", &photo(2)), "image"),
        (image().part("name=\"wm_text\"", b"\xff"), "wm_text"),
    ] {
        let problem = server.upload(form, &[]).await.problem(400);
        assert_eq!(problem["field"], field);
        assert_eq!(problem["type"], "urn:nws:problem:malformed");
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_told_what_is_expected() {
    let server = Server::start().await;
    let post = async |headers: &[(&str, &str)], body: &[u8]| {
        let body = bytes::Bytes::copy_from_slice(body);
        client::send(server.address, "POST", "/upload", headers, body).await
    };
    for headers in [&[("content-type", "application/json")][..], &[]] {
        let answer = post(headers, b"{}").await;
        let problem = answer.problem(415);
        assert_eq!(problem["type"], "urn:nws:problem:no_form");
        assert_eq!(answer.header("accept"), "multipart/form-data");
    }
    let form = Form::new().image("a.png", &photo(1));
    let content_type = form.content_type();
    let form = form.into_bytes();
    let coded = async |coding: &str| {
        let headers = [
            ("content-type", content_type.as_str()),
            ("content-encoding", coding),
        ];
        post(&headers, &form).await
    };
    for coding in ["gzip", "identity, br"] {
        let answer = coded(coding).await;
        let problem = answer.problem(415);
        assert_eq!(problem["type"], "urn:nws:problem:packed");
        assert_eq!(answer.header("accept-encoding"), "identity");
    }
    assert_eq!(coded("Identity").await.status, 202);
}

#[tokio::test]
async fn a_malformed_form_is_a_bad_request() {
    let server = Server::start().await;
    let two = Form::new()
        .image("a.png", &photo(1))
        .image("b.png", &photo(2));
    server.upload(two, &[]).await.problem(400);
    server
        .upload(Form::new().field("width", "400"), &[])
        .await
        .problem(400);

    let post = |content_type: &'static str, body: Vec<u8>| {
        let headers = [("content-type", content_type)];
        let address = server.address;
        async move { client::send(address, "POST", "/upload", &headers, body.into()).await }
    };
    post("multipart/form-data", b"{}".to_vec())
        .await
        .problem(400);
    post("multipart/form-data; boundary=x", b"no boundary".to_vec())
        .await
        .problem(400);
    let cut = b"--x\r\nContent-Disposition: form-data; name=\"width\"\r\n\r\n40".to_vec();
    post("multipart/form-data; boundary=x", cut)
        .await
        .problem(400);
}

#[tokio::test]
async fn a_form_that_never_begins_a_part_does_not_fill_the_memory() {
    let server = Server::start().await;
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    let body = vec![b'-'; 10 * MIB].into();
    let answer = client::send(server.address, "POST", "/upload", &headers, body).await;
    let problem = answer.problem(400);
    assert!(
        problem["detail"].as_str().unwrap().contains("262144"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_form_whose_boundary_is_too_long_is_refused_with_the_limit() {
    let server = Server::start().await;
    for (length, is_too_long) in [(70, false), (71, true)] {
        let form = format!("multipart/form-data; boundary={}", "x".repeat(length));
        let headers = [("content-type", form.as_str())];
        let answer = client::send(server.address, "POST", "/upload", &headers, "".into()).await;
        let problem = answer.problem(400);
        let detail = problem["detail"].as_str().unwrap();
        let told = "the form's boundary has 71 bytes, the limit is 70";
        assert_eq!(detail == told, is_too_long, "{detail}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = Server::start().await;
    for path in ["/nowhere", "/status/abc", "/image/ABC", "/status/"] {
        server.get(path, &[]).await.problem(404);
    }
    let unknown = "0".repeat(64);
    server
        .get(&format!("/status/{unknown}"), &[])
        .await
        .problem(404);
    server
        .get(&format!("/image/{unknown}"), &[])
        .await
        .problem(404);
    let answer = server.get("/upload", &[]).await;
    answer.problem(405);
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn more_uploads_than_allowed_are_sent_away() {
    let server = Server::with(|config| config.uploads_max = 0).await;
    let answer = server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    answer.problem(503);
    answer.asks_back_soon();
}

/// CRC-32 as PNG has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}
