//! The photo that a job was made of.

use backends::{Key, ObjectStore as _};
use schemas::{Digest, JobId};

use crate::support::{Server, client, photo, photo_of};

#[tokio::test]
async fn an_original_is_saved_and_never_shown_or_kept() {
    let server = Server::start().await;
    let photo = photo(1);
    let id = server.accepted(&photo).await;
    let path = format!("/original/{id}");
    for method in ["GET", "HEAD"] {
        let answer = client::send(server.address, method, &path, &[], "".into()).await;
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("content-type", "image/png".to_owned()),
            ("content-length", photo.len().to_string()),
            (
                "content-disposition",
                format!("attachment; filename=\"{id}.png\""),
            ),
            ("cache-control", "private, no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            (
                "content-security-policy",
                "default-src 'none'; sandbox".to_owned(),
            ),
            ("accept-ranges", "bytes".to_owned()),
            ("etag", format!("\"{}\"", Digest::of(&photo))),
        ] {
            assert_eq!(answer.header(name), value);
        }
        let body = if method == "GET" { &photo[..] } else { b"" };
        assert_eq!(answer.body, body);
    }
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on() {
    let server = Server::start().await;
    let photo = photo_of(3 * 1024 * 1024);
    let id = server.accepted(&photo).await;
    let path = format!("/original/{id}");
    let rest = [("range", "bytes=1000000-"), ("if-range", &etag(&photo))];
    let answer = server.get(&path, &rest).await;
    assert_eq!(answer.status, 206);
    assert!(answer.body == photo[1_000_000..]);
}

#[tokio::test]
async fn the_original_of_an_unknown_job_or_one_that_is_gone_is_not_found() {
    let server = Server::start().await;
    let photo = photo(1);
    let id = server.accepted(&photo).await;
    let stranger = JobId::new(Digest::of(b"stranger"));
    server
        .get(&format!("/original/{stranger}"), &[])
        .await
        .problem(404);
    server.get("/original/1", &[]).await.problem(404);
    let key = Key::Original(Digest::of(&photo));
    server.objects.delete(&key).await.unwrap();
    server
        .get(&format!("/original/{id}"), &[])
        .await
        .problem(404);
}

/// Listening beyond this machine, nobody is given one while nobody has to say who they are.
#[tokio::test]
async fn an_original_is_not_for_everybody() {
    let server = Server::listening_on("0.0.0.0:0").await;
    let id = server.accepted(&photo(1)).await;
    let refused = server.get(&format!("/original/{id}"), &[]).await;
    refused.problem(403);
    assert_eq!(refused.header("cache-control"), "no-store");
}

/// A proxy of this machine speaks for others, wherever they are.
#[tokio::test]
async fn an_original_is_not_for_who_comes_through_a_proxy() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    for told in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let path = format!("/original/{id}");
        server
            .get(&path, &[(told, "for=1.2.3.4")])
            .await
            .problem(403);
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", Digest::of(bytes))
}
