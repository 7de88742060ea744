//! `GET /limits`: what holds now.

use std::sync::Arc;

use axum::{Json, extract::State};
use engine::{
    METADATA_BYTES_MAX, PROFILE_BYTES_MAX,
    logo::{LOGO_BYTES_MAX, LOGO_PIXELS_MAX},
};
use schemars::JsonSchema;
use schemas::recipe::TEXT_CHARS_MAX;
use serde::Serialize;

use super::events;
use crate::app::App;

/// The limits in force.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    image_bytes_max: u64,
    logo_bytes_max: u64,
    logo_pixels_max: u64,
    fields_bytes_max: u64,
    text_chars_max: usize,
    pixels_max: u64,
    side_max: u32,
    decoded_bytes_max: u64,
    profile_bytes_max: u64,
    metadata_bytes_max: u64,
    frames_max: u32,
    animation_pixels_max: u64,
    uploads_max: usize,
    wait_secs_max: u64,
    events_jobs_max: usize,
}

pub(crate) async fn limits(State(app): State<Arc<App>>) -> Json<Limits> {
    Json(Limits::of(&app))
}

impl Limits {
    pub(crate) fn of(app: &App) -> Self {
        Self {
            image_bytes_max: app.config.image_bytes_max,
            logo_bytes_max: LOGO_BYTES_MAX,
            logo_pixels_max: LOGO_PIXELS_MAX,
            fields_bytes_max: app.config.fields_bytes_max,
            text_chars_max: TEXT_CHARS_MAX,
            pixels_max: app.limits.pixels_max,
            side_max: app.limits.side_max,
            decoded_bytes_max: app.limits.decoded_bytes_max,
            profile_bytes_max: PROFILE_BYTES_MAX,
            metadata_bytes_max: METADATA_BYTES_MAX,
            frames_max: app.limits.frames_max,
            animation_pixels_max: app.limits.animation_pixels_max,
            uploads_max: app.config.uploads_max,
            wait_secs_max: app.config.wait_secs_max,
            events_jobs_max: events::JOBS_MAX,
        }
    }
}
