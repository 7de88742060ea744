//! One process, no service.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    client::{Client, accepted},
    picture::{animated_gif, broken_jpeg, jpeg},
    process::Process,
    until,
};

#[tokio::test]
async fn a_photo_goes_in_and_comes_out_fitted_and_marked() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);

    let id = client
        .upload(
            &jpeg(3000, 2000, 1),
            &[("wm_text", "© Ada"), ("wm_position", "center")],
        )
        .await;
    let events = client.follow(&id).await;
    let end = &events.last().unwrap();
    assert_eq!(end.event, "done");
    assert_eq!(end.data["url"], format!("/image/{id}"));
    for step in [
        "read",
        "hash",
        "store",
        "queue",
        "fetch",
        "decode",
        "resize",
        "watermark",
        "encode",
        "save",
        "total",
    ] {
        assert!(
            end.data["timings"][step].is_number(),
            "{step} is missing: {}",
            end.data
        );
    }

    let image = client.get(&format!("/image/{id}")).await;
    assert_eq!(image.headers()["content-type"], "image/jpeg");
    let tag = image.headers()["etag"].to_str().unwrap().to_owned();
    let bytes = image.bytes().await.unwrap();
    let size = (
        end.data["picture"]["width"].as_u64().unwrap(),
        end.data["picture"]["height"].as_u64().unwrap(),
    );
    assert_eq!(size, (1620, 1080));
    assert_eq!(end.data["picture"]["sizeBytes"], bytes.len());
    let unchanged = client
        .get_with(&format!("/image/{id}"), ("if-none-match", &tag))
        .await;
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_logo_travels_with_its_photo() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let photo = jpeg(600, 400, 1);
    let made = async |id: String| {
        assert_eq!(client.follow(&id).await.last().unwrap().event, "done");
        let image = client.get(&format!("/image/{id}")).await;
        image.bytes().await.unwrap()
    };
    let png = [("wm_format", "png")];
    let logo = made(client.upload(&jpeg(30, 20, 7), &png).await).await;
    let other = made(client.upload(&jpeg(30, 20, 200), &png).await).await;

    let plain = made(client.upload(&photo, &[]).await).await;
    let logo = made(client.upload_with_logo(&photo, &logo).await).await;
    let other = made(client.upload_with_logo(&photo, &other).await).await;
    assert!(plain != logo && plain != other && logo != other);
}

#[tokio::test]
async fn an_animation_goes_in_and_comes_out_moving() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["image_frames_max=6"]).await;
    let client = Client::of(&process);

    let fields = [("wm_format", "webp"), ("width", "100")];
    let id = client.upload(&animated_gif(300, 200, 6), &fields).await;
    let end = client.ended(&id).await;
    assert_eq!(end["status"], "done", "{end}");
    assert_eq!(end["picture"]["format"], "webp");
    assert_eq!(end["picture"]["width"], 100);
    let image = client.get(&format!("/image/{id}")).await;
    assert_eq!(image.headers()["content-type"], "image/webp");
    let bytes = image.bytes().await.unwrap();
    let frames = bytes.windows(4).filter(|name| name == b"ANMF").count();
    assert_eq!(frames, 6);

    let too_many = animated_gif(300, 200, 7);
    let refused = client.post(&too_many, &fields).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:nws:problem:too_many_frames");
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&7.into(), &6.into())
    );
    // Only one of them is looked at.
    let still = client.upload(&too_many, &[("wm_format", "jpeg")]).await;
    assert_eq!(client.ended(&still).await["status"], "done");
}

/// A browser takes WebP, in which it would move: it hears of the limit. Who takes anything has a still.
#[tokio::test]
async fn an_animation_that_is_too_long_is_a_still_or_refused_by_what_its_client_takes() {
    const BROWSER: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
    let data = tempfile::tempdir().unwrap();
    let limits = ["image_frames_max=6", "image_animation_pixels_max=300000"];
    let process = Process::embedded(data.path(), &limits).await;
    let client = Client::of(&process);
    for (too_long, problem_type, measured, limit) in [
        (animated_gif(30, 20, 7), "too_many_frames", 7, 6),
        (
            animated_gif(300, 200, 6),
            "too_many_animation_pixels",
            360_000,
            300_000,
        ),
    ] {
        let id = accepted(client.post_accepting(&too_long, "*/*").await).await;
        assert_eq!(client.ended(&id).await["picture"]["format"], "jpeg");
        for accept in [BROWSER, "image/webp"] {
            let refused = client.post_accepting(&too_long, accept).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let problem = refused.bytes().await.unwrap();
            let problem: Value = serde_json::from_slice(&problem).unwrap();
            assert_eq!(problem["type"], format!("urn:nws:problem:{problem_type}"));
            assert_eq!(problem["measured"], measured);
            assert_eq!(problem["limit"], limit);
        }
    }
    let moving = animated_gif(30, 20, 6);
    let id = accepted(client.post_accepting(&moving, BROWSER).await).await;
    assert_eq!(client.ended(&id).await["picture"]["format"], "webp");
}

#[tokio::test]
async fn how_a_result_was_written_and_how_well_its_mark_is_read_is_told() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let photo = jpeg(800, 600, 7);
    for (quality, written) in [("keep", json!("spliced")), ("77", json!({ "quality": 77 }))] {
        let id = client.upload(&photo, &[("quality", quality)]).await;
        let picture = &client.ended(&id).await["picture"];
        assert_eq!(picture["written"], written);
        assert!(picture["contrast"].as_f64() >= Some(4.5), "{picture}");
    }
}

#[tokio::test]
async fn events_are_ordered_and_a_reconnect_after_the_end_gets_nothing() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(800, 600, 2), &[]).await;

    let events = client.follow(&id).await;
    let ids: Vec<(u64, u64)> = events
        .iter()
        .map(|event| {
            let (epoch, n) = event.id.split_once('-').unwrap();
            (epoch.parse().unwrap(), n.parse().unwrap())
        })
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let last = &events.last().unwrap().id;
    let path = format!("/status/{id}?lastEventId={last}");
    let after = client
        .get_with(&path, ("accept", "text/event-stream"))
        .await;
    assert_eq!(after.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_same_upload_twice_is_the_same_job() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let photo = jpeg(400, 300, 3);
    let id = client.upload(&photo, &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");

    let again = client.post(&photo, &[]).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.headers()["x-cache"], "HIT");
    let body: Value = serde_json::from_slice(&again.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (body["jobId"].as_str(), body["status"].as_str()),
        (Some(&*id), Some("done"))
    );

    let other = client.upload(&photo, &[("wm_text", "another mark")]).await;
    assert_ne!(other, id);
}

#[tokio::test]
async fn a_broken_photo_fails_with_a_reason_and_without_a_retry() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let id = client.upload(&broken_jpeg(), &[]).await;
    let end = client.ended(&id).await;
    assert_eq!(
        (end["status"].as_str(), end["attempt"].as_u64()),
        (Some("failed"), Some(1))
    );
    assert_eq!(end["error"]["code"], "broken_image");
    assert_eq!(
        client.get(&format!("/image/{id}")).await.status(),
        StatusCode::NOT_FOUND
    );
}

/// Power cuts in a row, each at another moment of the jobs that flow.
const CUTS: u8 = 9;

#[tokio::test]
async fn accepted_jobs_survive_nine_power_cuts_and_spend_no_attempt() {
    let data = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for cut in 0..CUTS {
        let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
        let client = Client::of(&process);
        let first = ids.len();
        for photo in 0..3 {
            ids.push(client.upload(&jpeg(1200, 800, cut * 3 + photo), &[]).await);
        }
        match cut % 3 {
            0 => {} // at once
            1 => client.until_begun(&ids[first]).await,
            _ => drop(client.ended(&ids[first]).await),
        }
        process.kill().await;
    }

    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    for id in ids {
        let end = client.ended(&id).await;
        assert_eq!(
            (end["status"].as_str(), end["attempt"].as_u64()),
            (Some("done"), Some(1)),
            "{end}"
        );
    }
    // The end is told before the message is let go.
    until(async || client.metric("nws_queue_depth").await == 0.0).await;
}

#[tokio::test]
async fn sigterm_finishes_what_is_in_hand_and_spends_no_attempt() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["worker_slots=1"]).await;
    let client = Client::of(&process);
    let mut ids = Vec::new();
    for seed in 0..4 {
        ids.push(client.upload(&jpeg(2400, 1600, seed), &[]).await);
    }
    assert!(process.terminate().await.success());

    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    for id in ids {
        let end = client.ended(&id).await;
        assert_eq!(
            (end["status"].as_str(), end["attempt"].as_u64()),
            (Some("done"), Some(1)),
            "{end}"
        );
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::embedded(data.path(), &[]).await;
    process.deafen().await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(400, 300, 9), &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn the_grace_is_not_outlived_by_a_picture() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &["grace_secs=0"]).await;
    let client = Client::of(&process);
    let id = client
        .upload(
            &jpeg(6000, 4000, 1),
            &[("wm_format", "webp"), ("width", "6000")],
        )
        .await;
    client.until_begun(&id).await;
    assert!(process.terminate().await.success());

    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let end = client.ended(&id).await;
    assert_eq!(
        (end["status"].as_str(), end["attempt"].as_u64()),
        (Some("done"), Some(1))
    );
}

#[tokio::test]
async fn one_folder_has_one_process() {
    let data = tempfile::tempdir().unwrap();
    let _process = Process::embedded(data.path(), &[]).await;
    let mut second = crate::support::process::nws(&["run", "--listen", "127.0.0.1:0", "--data"]);
    let output = second.arg(data.path()).output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(data.path().to_str().unwrap()), "{said}");
}
