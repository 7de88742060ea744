//! Uploads whose mark has a logo.

use backends::{Key, ObjectStore as _};
use schemas::Digest;

use crate::support::{Server, form::Form, photo, photo_of};

const FILE: &str = "name=\"wm_logo\"; filename=\"logo.png\"";

#[tokio::test]
async fn a_logo_is_stored_and_named_by_its_job_wherever_it_stands_in_the_form() {
    let server = Server::start().await;
    let (image, logo) = (photo(1), photo(2));
    let first = Form::new().part(FILE, &logo).image("a.png", &image);
    let last = Form::new()
        .image("a.png", &image)
        .field("wm_logo_size", "10")
        .part(FILE, &logo);
    let id = server.upload(first, &[]).await.job_id();
    assert_eq!(server.upload(last, &[]).await.job_id(), id);
    assert_ne!(server.accepted(&image).await, id);

    let sha256 = Digest::of(&logo);
    let stored = server.objects.get(&Key::Logo(sha256), u64::MAX).await;
    assert_eq!(stored.unwrap().unwrap(), logo);
    let job = &server.sender.sent()[0];
    assert_eq!((job.id(), job.logo.unwrap().sha256), (id, sha256));
    assert_eq!(job.recipe.wm_text, None, "the logo is the mark");
}

#[tokio::test]
async fn a_stored_logo_is_named_by_its_digest() {
    let server = Server::start().await;
    let logo = photo(2);
    let as_file = Form::new().part(FILE, &logo).image("a.png", &photo(1));
    let id = server.upload(as_file, &[]).await.job_id();
    let name = Digest::of(&logo).to_string();
    let by_name = Form::new()
        .field("wm_logo", &name)
        .image("a.png", &photo(1));
    assert_eq!(server.upload(by_name, &[]).await.job_id(), id);
    for unknown in ["logo", "", &"0".repeat(64)] {
        let form = Form::new()
            .field("wm_logo", unknown)
            .image("a.png", &photo(1));
        assert_eq!(
            server.upload(form, &[]).await.problem(422)["field"],
            "wm_logo"
        );
    }
}

#[tokio::test]
async fn what_is_no_logo_is_refused_by_what_is_wrong_with_it() {
    let server = Server::start().await;
    let with_logo = |bytes: &[u8]| Form::new().part(FILE, bytes).image("a.png", &photo(1));
    for (form, status) in [
        (with_logo(b"<svg/>"), 415),
        (with_logo(&photo(2)[..20]), 415),
        (with_logo(&photo_of(1024 * 1024 + 1)), 413),
        (with_logo(&photo(2)).part(FILE, &photo(2)), 422),
        (
            Form::new()
                .field("wm_logo_size", "5")
                .image("a.png", &photo(1)),
            422,
        ),
    ] {
        let problem = server.upload(form, &[]).await.problem(status);
        assert!(
            problem["field"].as_str().unwrap().starts_with("wm_logo"),
            "{problem}"
        );
    }
    assert!(server.sender.sent().is_empty());
}
