//! The routes, a file each.

pub(crate) mod admin;
pub(crate) mod docs;
pub(crate) mod events;
mod files;
pub(crate) mod health;
pub(crate) mod images;
pub(crate) mod limits;
pub(crate) mod originals;
pub(crate) mod page;
mod query;
pub(crate) mod stats;
pub(crate) mod status;
mod stream;
mod transfer;
pub(crate) mod uploads;

use axum::{extract::FromRequestParts, http::request::Parts};
use schemas::JobId;

use crate::error::ApiError;

/// The job that a path names. A path that names none leads nowhere.
pub(crate) struct PathId(pub(crate) JobId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let id = parts.uri.path().rsplit('/').next();
        id.and_then(|id| id.parse().ok())
            .map(Self)
            .ok_or(ApiError::NotFound)
    }
}
