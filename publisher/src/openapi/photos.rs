//! `POST /upload`, described.

use engine::InputError;
use http::StatusCode;
use schemas::{Failure, FieldError, Status};
use serde_json::json;

use super::{
    JOB_ID,
    answer::{Answer, Header},
    form,
    operation::{Operation, Tag},
    parameter,
    writer::Writer,
};
use crate::{
    admission::Refusal,
    app::App,
    error::ApiError,
    fairness::{TooMany, What},
    inflow::TooSlow,
    routes::uploads,
};

const ABOUT: &str = "\
The answer is `202` once the photo is kept and its job cannot be lost. The same photo with the same fields is the same job: where \
its end is known, the answer is `200` at once, with the image itself if `Accept` prefers an image type to JSON. `Prefer: wait=N` \
waits up to N seconds for that `200`.";

pub(crate) fn upload(writer: &mut Writer<'_>) -> Operation {
    let wait_secs_max = writer.app.config.wait_secs_max;
    let wait = format!(
        "`wait=N`: how many seconds the end of the job may be waited for, {wait_secs_max} at most."
    );
    let body = form::body(writer);
    Operation::new(Tag::Photos, "upload", "Upload a photo")
        .description(ABOUT)
        .parameters([parameter::header("Prefer", "wait=10", &wait)])
        .body(body)
        .answers(accepted(writer))
        .answers(ended(writer))
        .refuses(refusals(writer.app))
        .limited(ApiError::TooMany(TooMany::example(What::Upload)))
}

fn accepted(writer: &mut Writer<'_>) -> Answer {
    let example = json!({
        "jobId": JOB_ID, "status": "queued", "url": format!("/image/{JOB_ID}"), "statusUrl": format!("/status/{JOB_ID}"),
    });
    let answer = Answer::new(StatusCode::ACCEPTED, "The job is taken in.")
        .headers([
            Header::Location,
            Header::PreferenceApplied,
            Header::Vary,
            Header::CacheControl,
        ])
        .json::<uploads::Answer>(writer, &example);
    followed(answer)
}

fn ended(writer: &mut Writer<'_>) -> Answer {
    let example = json!({
        "jobId": JOB_ID, "status": "done", "url": format!("/image/{JOB_ID}"), "statusUrl": format!("/status/{JOB_ID}"),
    });
    let answer = Answer::new(
        StatusCode::OK,
        "The job has ended: how, or the image itself.",
    )
    .headers([
        Header::Location,
        Header::XCache,
        Header::PreferenceApplied,
        Header::ContentLocation,
        Header::ETag,
        Header::Vary,
        Header::CacheControl,
    ])
    .json::<uploads::Answer>(writer, &example)
    .result();
    followed(answer)
}

fn followed(answer: Answer) -> Answer {
    let id = "$response.body#/jobId";
    answer
        .link("status", "status", "id", id)
        .link("image", "image", "id", id)
        .link("original", "original", "id", id)
        .link("cancel", "cancel", "id", id)
        .link("events", "events", "ids", id)
}

fn refusals(app: &App) -> Vec<ApiError> {
    let (config, limits) = (&app.config, &app.limits);
    vec![
        ApiError::Twice("image"),
        ApiError::NotAForm,
        ApiError::Packed,
        ApiError::ImageMissing,
        ApiError::TooSlow(TooSlow::Silent {
            silent_secs: config.idle_timeout_secs + 1,
            silent_secs_max: config.idle_timeout_secs,
        }),
        ApiError::TooLarge {
            what: "image",
            measured: config.image_bytes_max + 1,
            limit: config.image_bytes_max,
        },
        ApiError::Image(InputError::unknown(b"%PDF-1.7")),
        ApiError::Image(InputError::SideTooLong {
            side: limits.side_max + 1,
            side_max: limits.side_max,
        }),
        ApiError::Field(FieldError {
            field: "quality".to_owned(),
            problem: "101, 1 to 100, auto or keep are allowed".to_owned(),
            measured: Some(101),
            limit: Some(100),
        }),
        ApiError::JobEnded {
            status: Status::Failed,
            failure: Failure {
                code: "broken_image".to_owned(),
                message: "JPEG cannot be decoded: its data ends too early".to_owned(),
            },
        },
        ApiError::Busy {
            what: "uploads",
            max: config.uploads_max as u64,
        },
        ApiError::TooManyWebhooks {
            waiting: 1000,
            limit: 1000,
        },
        ApiError::Refused(Refusal::ObjectsAway),
        ApiError::Refused(Refusal::QueueDeep {
            depth: 10_001,
            depth_max: 10_000,
        }),
    ]
}
