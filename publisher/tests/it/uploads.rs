//! What an accepted upload is promised.

use backends::{Key, ObjectStore as _, Results as _};
use schemas::{Digest, OutputFormat, Status, Step};
use serde_json::Value;

use crate::support::{Server, files, form::Form, photo, photo_of};

#[tokio::test]
async fn an_accepted_upload_is_stored_recorded_and_sent() {
    let server = Server::start().await;
    let bytes = photo(1);
    let answer = server.upload(Form::new().image("a.png", &bytes), &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.job_id();
    assert_eq!(answer.header("location"), format!("/status/{id}"));
    assert_eq!(answer.header("vary"), "accept");
    let json = answer.json();
    assert_eq!(json["status"], "queued");
    assert_eq!(json["url"], format!("/image/{id}"));
    assert_eq!(json["statusUrl"], format!("/status/{id}"));

    let original = Key::Original(Digest::of(&bytes));
    assert_eq!(
        server
            .objects
            .get(&original, u64::MAX)
            .await
            .unwrap()
            .unwrap(),
        bytes
    );
    assert_eq!(server.sender.sent()[0].id(), id);
    let record = server.results.record(&id).await.unwrap().unwrap();
    assert!(record.sent);
    for step in [Step::Read, Step::Hash, Step::Store] {
        assert!(record.event.state.timings.get(step).is_some(), "{step:?}");
    }
}

#[tokio::test]
async fn parts_come_in_any_order() {
    let server = Server::start().await;
    let form = |first: bool| {
        let fields = |form: Form| form.field("wm_text", "{filename}").field("width", "400");
        let bytes = photo(1);
        if first {
            fields(Form::new().image("sea.png", &bytes))
        } else {
            fields(Form::new()).image("sea.png", &bytes)
        }
    };
    let ids = [form(true), form(false)].map(|form| server.upload(form, &[]));
    let [first, second] = futures::future::join_all(ids).await.try_into().unwrap();
    assert_eq!(first.job_id(), second.job_id());
    let recipe = &server.sender.sent()[0].recipe;
    assert_eq!(recipe.wm_text.as_ref().unwrap().as_str(), "sea");
    assert_eq!(recipe.width.pixels(), 400);
}

#[tokio::test]
async fn a_photo_at_the_limit_is_taken_and_its_spool_file_goes_away() {
    let mut server = Server::start().await;
    let bytes = photo_of(20 * 1024 * 1024);
    server.accepted(&bytes).await;
    let original = Key::Original(Digest::of(&bytes));
    let meta = server.objects.head(&original).await.unwrap().unwrap();
    assert_eq!(meta.size_bytes, bytes.len() as u64);
    server.drain().await;
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn the_output_format_follows_accept_unless_it_is_named() {
    let server = Server::start().await;
    let webp = [("accept", "application/json, image/webp;q=0.5")];
    server
        .upload(Form::new().image("a.png", &photo(1)), &webp)
        .await;
    let named = Form::new()
        .image("a.png", &photo(1))
        .field("wm_format", "png");
    server.upload(named, &webp).await;
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    let formats: Vec<_> = server
        .sender
        .sent()
        .iter()
        .map(|job| job.recipe.wm_format)
        .collect();
    assert_eq!(
        formats,
        [OutputFormat::Webp, OutputFormat::Png, OutputFormat::Jpeg]
    );
}

#[tokio::test]
async fn the_same_upload_again_is_the_same_job_and_no_second_message() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    assert_eq!(server.accepted(&photo(1)).await, id);
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn a_known_result_is_answered_as_json_or_as_the_image() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;

    let json = server
        .upload(Form::new().image("a.png", &photo(1)), &[("accept", "*/*")])
        .await;
    assert_eq!((json.status, json.header("x-cache")), (200, "HIT"));
    assert_eq!(json.json()["status"], "done");

    let wanted = [("accept", "image/jpeg")];
    let image = server
        .upload(Form::new().image("a.png", &photo(1)), &wanted)
        .await;
    assert_eq!((image.status, image.header("x-cache")), (200, "HIT"));
    assert_eq!(image.header("content-type"), "image/jpeg");
    assert_eq!(image.header("content-location"), format!("/image/{id}"));
    assert_eq!(image.body, b"\xff\xd8\xff result"[..]);
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn an_image_of_a_format_that_is_not_wanted_is_answered_as_json() {
    let server = Server::start().await;
    let form = || {
        let form = Form::new().image("a.png", &photo(1));
        form.field("wm_format", "jpeg")
    };
    let id = server.upload(form(), &[]).await.job_id();
    server.finish(&id, b"\xff\xd8\xff result").await;
    let wanted = [("accept", "image/png, application/json;q=0.9")];
    let answer = server.upload(form(), &wanted).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["status"], "done");
}

#[tokio::test]
async fn a_result_that_is_gone_is_made_again() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;
    server.objects.delete(&Key::Result(id)).await.unwrap();
    assert_eq!(server.accepted(&photo(1)).await, id);
    assert_eq!(server.sender.sent().len(), 2);
}

#[tokio::test]
async fn a_failed_job_answers_as_it_is_and_a_dead_one_starts_again() {
    let server = Server::start().await;
    let failed = server.accepted(&photo(1)).await;
    server.stop(&failed, Status::Failed).await;
    let answer = server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    assert_eq!((answer.status, answer.header("x-cache")), (200, ""));
    assert_eq!(answer.json()["status"], "failed");
    assert_eq!(answer.json()["error"]["code"], "broken_image");
    assert_eq!(answer.json()["url"], Value::Null);

    let dead = server.accepted(&photo(2)).await;
    server.stop(&dead, Status::Dead).await;
    assert_eq!(server.accepted(&photo(2)).await, dead);
    assert_eq!(server.sender.sent().len(), 3);
}

#[tokio::test]
async fn who_wants_an_image_does_not_get_a_failure_for_one() {
    let server = Server::start().await;
    let failed = server.accepted(&photo(1)).await;
    server.stop(&failed, Status::Failed).await;
    let wants_image = [("accept", "image/jpeg")];
    let form = Form::new().image("a.png", &photo(1));
    let answer = server.upload(form, &wants_image).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["type"], "urn:nws:problem:job_failed");
}

#[tokio::test]
async fn a_client_may_wait_for_the_image() {
    let server = Server::start().await;
    let headers = [("accept", "image/jpeg"), ("prefer", "wait=30")];
    let waiting = server.upload(Form::new().image("a.png", &photo(1)), &headers);
    let working = async {
        crate::support::until("the job is sent", || !server.sender.sent().is_empty()).await;
        let id = server.sender.sent()[0].id();
        server.finish(&id, b"\xff\xd8\xff result").await;
    };
    let (answer, ()) = tokio::join!(waiting, working);
    assert_eq!((answer.status, answer.header("x-cache")), (200, ""));
    assert_eq!(answer.header("preference-applied"), "wait=30");
    assert_eq!(answer.body, b"\xff\xd8\xff result"[..]);
}

#[tokio::test]
async fn a_wait_that_is_over_answers_202() {
    let server = Server::start().await;
    let headers = [("prefer", "wait=0")];
    let answer = server
        .upload(Form::new().image("a.png", &photo(1)), &headers)
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json()["status"], Value::from("queued"));
    assert_eq!(answer.header("preference-applied"), "wait=0");
}

#[tokio::test]
async fn a_wait_that_there_is_no_place_for_is_answered_at_once() {
    let server = Server::with(|config| config.waits_max = 1).await;
    let headers = [("prefer", "wait=30")];
    let upload = |seed| server.upload(Form::new().image("a.png", &photo(seed)), &headers);
    let other = async {
        crate::support::until("the first one waits", || {
            let text = server.metrics.text();
            text.contains(r#"nws_bulkhead_in_use{bulkhead="waits"} 1"#)
        })
        .await;
        let answer = upload(2).await;
        server
            .finish(&server.sender.sent()[0].id(), b"\xff\xd8\xff result")
            .await;
        answer
    };
    let (waited, other) = tokio::join!(upload(1), other);
    assert_eq!(
        (other.status, other.header("preference-applied")),
        (202, "")
    );
    assert_eq!(other.json()["status"], Value::from("queued"));
    assert_eq!(waited.status, 200);
    assert_eq!(waited.header("preference-applied"), "wait=30");
}
