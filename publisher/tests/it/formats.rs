//! Which format `wm_format=auto` becomes, and what answers say of it.

use std::io::Cursor;

use image::{ImageFormat, RgbaImage};
use schemas::OutputFormat;

use crate::support::{Server, form::Form, photo};

const CHROME: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

/// A PNG that may be seen through.
fn cutout() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbaImage::from_pixel(8, 8, image::Rgba([1, 2, 3, 4]));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn format(server: &Server, photo: &[u8], accept: &str, named: Option<&str>) -> OutputFormat {
    let mut form = Form::new().image("a.png", photo);
    if let Some(named) = named {
        form = form.field("wm_format", named);
    }
    let answer = server.upload(form, &[("accept", accept)]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let sent = server.sender.sent();
    sent.last().unwrap().recipe.wm_format
}

#[tokio::test]
async fn what_is_seen_through_stays_so_unless_jpeg_is_asked_for() {
    use OutputFormat::{Jpeg, Png, Webp};
    let (photo, cutout) = (photo(1), cutout());
    for (picture, accept, named, expected) in [
        (&photo, "*/*", None, Jpeg),
        (&cutout, "*/*", None, Png),
        (&cutout, "application/json", None, Png),
        (&photo, CHROME, None, Webp),
        (&cutout, "image/jpeg, image/webp;q=0.5", None, Webp),
        (&cutout, "image/jpeg", None, Jpeg),
        (&cutout, "*/*", Some("jpeg"), Jpeg),
    ] {
        let server = Server::start().await; // so that no job is known
        let chosen = format(&server, picture, accept, named).await;
        assert_eq!(chosen, expected, "{accept} {named:?}");
    }
}

#[tokio::test]
async fn whatever_accept_decided_varies_by_it_refusals_too() {
    let server = Server::start().await;
    let form = || Form::new().image("a.png", &photo(1));
    let accepted = server.upload(form(), &[]).await;
    let refused = server.upload(Form::new(), &[]).await;
    let id = accepted.job_id();
    let told = server.get(&format!("/status/{id}"), &[]).await;
    let unknown = server
        .get(&format!("/status/{}", "0".repeat(64)), &[])
        .await;
    for (answer, status) in [(accepted, 202), (refused, 400), (told, 200), (unknown, 404)] {
        assert_eq!((answer.status, answer.header("vary")), (status, "accept"));
    }
}
