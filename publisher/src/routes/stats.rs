//! `GET /stats`: how the fleet is doing.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::app::App;

/// The answer is of now, so nobody keeps it on the way.
pub(crate) async fn stats(State(app): State<Arc<App>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, app.board.json(&app).await).into_response()
}
