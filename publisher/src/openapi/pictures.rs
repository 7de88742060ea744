//! `GET` and `HEAD` of `/image/{id}` and `/original/{id}`, described.

use std::time::Duration;

use backends::{
    Error,
    error::{Backend, Cause},
};
use http::StatusCode;
use schemas::Status;

use super::{
    answer::{Answer, Header},
    operation::{Operation, Tag},
    parameter,
    writer::Writer,
};
use crate::{
    accept::{FORMATS, media_type},
    error::ApiError,
    fairness::{TooMany, What},
};

const IMAGE: &str = "\
The bytes never change under their id, so they may be kept for ever. Where reading needs a credential, an address that an answer \
gave as `url` opens the image without one, for a time: an `<img>` sends no header.";

const ORIGINAL: &str = "\
The photo as it was uploaded, for who alone uploaded it and for who holds `admin`. Where nobody has to say who they are, it is for \
this machine alone.";

pub(crate) fn image(writer: &mut Writer<'_>) -> Operation {
    let refusals = [ApiError::NotFound, ApiError::NotReady(Status::Queued)];
    transfer(
        writer,
        Operation::new(Tag::Photos, "image", "Fetch a result"),
        Answer::result,
    )
    .description(IMAGE)
    .refuses(refusals)
    .with_head("imageHead")
}

pub(crate) fn original(writer: &mut Writer<'_>) -> Operation {
    let formats = |answer: Answer| {
        let known = FORMATS.into_iter().map(media_type);
        answer
            .headers([Header::ContentDisposition])
            .bytes(known.chain(["application/octet-stream"]))
    };
    let refusals = [
        ApiError::NotFound,
        ApiError::OriginalsAreClosed,
        ApiError::NotYourOriginal,
    ];
    transfer(
        writer,
        Operation::new(Tag::Photos, "original", "Fetch an original"),
        formats,
    )
    .description(ORIGINAL)
    .refuses(refusals)
    .with_head("originalHead")
}

/// What both have in common: they are given whole, in part, or not again.
fn transfer(
    writer: &mut Writer<'_>,
    operation: Operation,
    bytes: impl Fn(Answer) -> Answer,
) -> Operation {
    let parameters = [parameter::job_id(writer)]
        .into_iter()
        .chain(parameter::conditions());
    let known = [Header::ETag, Header::CacheControl];
    let whole = Answer::new(StatusCode::OK, "The whole.")
        .headers(known)
        .headers([Header::AcceptRanges]);
    let part = Answer::new(StatusCode::PARTIAL_CONTENT, "The part that was asked for.")
        .headers(known)
        .headers([Header::AcceptRanges, Header::ContentRange]);
    let known = Answer::new(StatusCode::NOT_MODIFIED, "The client has it.").headers(known);
    operation
        .parameters(parameters)
        .answers(bytes(whole))
        .answers(bytes(part))
        .answers(known)
        .refuses([
            ApiError::PreconditionFailed,
            ApiError::NoSuchRange { size_bytes: 88_210 },
            ApiError::Busy {
                what: "bytes of images",
                max: writer.app.config.images_in_flight_bytes_max,
            },
            away(),
        ])
        .limited(ApiError::TooMany(TooMany::example(What::Read)))
}

fn away() -> ApiError {
    let cause = Cause::Timeout(Duration::from_secs(10));
    Error::new(Backend::Objects, "open", cause).into()
}
