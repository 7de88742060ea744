//! The page: its files, what they say of themselves, and how they are sent.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::support::{Server, client};

#[tokio::test]
async fn the_page_runs_no_script_but_its_own() {
    let server = Server::start().await;
    let page = server.get("/", &[]).await;
    let html = std::str::from_utf8(&page.body).unwrap();
    assert!(!html.contains("style=") && !html.contains("<style") && !html.contains(" on"));
    let files = files_of(html);
    assert!(files.len() > 2, "{html}");
    for path in files {
        let file = server.get(&path, &[]).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(!file.header("content-type").contains("octet"), "{path}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn the_page_keeps_others_out() {
    let server = Server::start().await;
    let script = script(&server).await;
    for path in ["/", "/favicon.svg", &script] {
        let file = server.get(path, &[]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(file.header(name), value, "{path}");
        }
        assert!(file.header("permissions-policy").contains("camera=()"));
        let policy = file.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
    }
}

#[tokio::test]
async fn text_says_its_letters_are_utf8() {
    let server = Server::start().await;
    let page = server.get("/", &[]).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let script = server.get(&script(&server).await, &[]).await;
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    let icon = server.get("/favicon.svg", &[]).await;
    assert_eq!(icon.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn the_page_names_whose_work_is_in_it() {
    let server = Server::start().await;
    let licenses = server.get("/licenses.md", &[]).await;
    assert_eq!(licenses.header("content-type"), "text/plain; charset=utf-8");
    let text = std::str::from_utf8(&licenses.body).unwrap();
    assert!(text.contains("react-dom") && text.contains("MIT License"));
}

#[tokio::test]
async fn what_is_named_by_its_content_is_kept_for_ever_and_the_page_is_not() {
    let server = Server::start().await;
    let page = server.get("/", &[]).await;
    assert_eq!(page.header("cache-control"), "no-cache");
    let script = server.get(&script(&server).await, &[]).await;
    let kept = "public, max-age=31536000, immutable";
    assert_eq!(script.header("cache-control"), kept);
}

#[tokio::test]
async fn who_has_the_page_is_not_sent_it_again() {
    let server = Server::start().await;
    for encoding in ["identity", "gzip"] {
        let accepts = ("accept-encoding", encoding);
        let page = server.get("/", &[accepts]).await;
        let etag = page.header("etag");
        let known = [accepts, ("if-none-match", etag)];
        let again = server.get("/", &known).await;
        assert_eq!((again.status, again.header("etag")), (304, etag));
        assert_eq!(again.header("cache-control"), "no-cache");
        assert_eq!(again.header("vary"), "accept-encoding");
        assert!(again.body.is_empty());
        let other = [accepts, ("if-none-match", "\"other\"")];
        assert_eq!(server.get("/", &other).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_takes_gzip_gets_the_same_file_in_a_third_of_the_bytes() {
    let server = Server::start().await;
    let path = script(&server).await;
    let plain = server.get(&path, &[]).await;
    let gzip = server.get(&path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(plain.header("content-encoding"), "");
    for answer in [&plain, &gzip] {
        assert_eq!(answer.header("vary"), "accept-encoding");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), length);
    }
    assert_ne!(gzip.header("etag"), plain.header("etag"));
    assert!(gzip.body.len() < plain.body.len() * 2 / 5);
    let mut unpacked = Vec::new();
    GzDecoder::new(&gzip.body[..])
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(unpacked == plain.body);
}

#[tokio::test]
async fn a_client_that_takes_another_coding_than_gzip_has_it_packed_too() {
    let server = Server::start().await;
    let path = script(&server).await;
    let plain = server.get(&path, &[]).await;
    for coding in ["br", "zstd"] {
        let answer = server.get(&path, &[("accept-encoding", coding)]).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(answer.body.len() < plain.body.len() * 2 / 5, "{coding}");
        assert_ne!(answer.header("etag"), plain.header("etag"));
        assert_eq!(answer.header("vary"), "accept-encoding");
        let kept = plain.header("cache-control");
        assert_eq!(answer.header("cache-control"), kept);
    }
    let asked = [("accept-encoding", "br;q=0.5, identity")];
    let answer = server.get(&path, &asked).await;
    assert_eq!(answer.header("etag"), plain.header("etag"));
    assert!(answer.body == plain.body);
}

#[tokio::test]
async fn a_head_says_what_a_get_would_and_sends_nothing() {
    let server = Server::start().await;
    let whole = server.get("/", &[]).await;
    let head = client::send(server.address, "HEAD", "/", &[], "".into()).await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
}

#[tokio::test]
async fn an_asset_that_no_build_made_is_not_found() {
    let server = Server::start().await;
    for path in [
        "/assets/none.js",
        "/assets/..%2findex.html",
        "/assets/",
        "/dist",
    ] {
        server.get(path, &[]).await.problem(404);
    }
}

async fn script(server: &Server) -> String {
    let page = server.get("/", &[]).await;
    let files = files_of(std::str::from_utf8(&page.body).unwrap());
    let script = files.into_iter().find(|path| path.ends_with(".js"));
    script.expect("the page has a script")
}

/// The paths that a page's elements load.
fn files_of(html: &str) -> Vec<String> {
    let attributes = html.split('"').skip(1).step_by(2);
    attributes
        .filter(|value| value.starts_with('/'))
        .map(str::to_owned)
        .collect()
}
