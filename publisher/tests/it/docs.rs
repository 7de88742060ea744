//! The contract's reader: all of it from here, and nothing from elsewhere.

use crate::support::{Server, client::Answer};

async fn reader(server: &Server) -> (Answer, Vec<String>) {
    let page = server.get("/docs", &[]).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = std::str::from_utf8(&page.body).unwrap();
    let attributes = html.split('"').skip(1).step_by(2);
    let files = attributes
        .filter(|value| value.starts_with("/docs/"))
        .map(str::to_owned);
    let files = files.collect();
    (page, files)
}

#[tokio::test]
async fn the_reader_runs_no_script_but_its_own_and_asks_no_other_host() {
    let server = Server::start().await;
    let (page, files) = reader(&server).await;
    assert_eq!(files.len(), 4, "{files:?}");
    let html = std::str::from_utf8(&page.body).unwrap();
    assert!(
        !html.contains("style=") && !html.contains("<style") && !html.contains("//"),
        "{html}"
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
        "{policy}"
    );
    assert!(
        policy.contains("connect-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
}

#[tokio::test]
async fn the_readers_files_are_named_by_their_content_and_kept_for_ever() {
    let server = Server::start().await;
    let (page, files) = reader(&server).await;
    assert_eq!(page.header("cache-control"), "no-cache");
    for path in files {
        let file = server.get(&path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let is_long = path.ends_with(".js");
        assert!(
            !is_long || file.header("content-encoding") == "gzip",
            "{path}"
        );
    }
    server.get("/docs/reader.js", &[]).await.problem(404);
}

#[tokio::test]
async fn whose_work_the_reader_is_stands_beside_the_pages() {
    let server = Server::start().await;
    let licenses = server.get("/licenses.md", &[]).await;
    let text = std::str::from_utf8(&licenses.body).unwrap();
    for name in ["react-dom", "swagger-ui-dist", "Apache License"] {
        assert!(text.contains(name), "{name}");
    }
}
