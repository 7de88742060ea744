//! Who may read what: the two questions that every answer with bytes asks.

use http::Extensions;
use schemas::JobId;

use crate::{app::App, error::ApiError};

/// Whether whoever knows a result's address may read it. Caches on the way keep it for everybody then, else for its reader
/// alone.
pub(crate) const fn results_are_public(_: &App) -> bool {
    true
}

/// Whether whoever sent a request with these `extensions` may read the original of `id`.
///
/// # Errors
/// Where nobody has to say who they are and we can be reached from elsewhere: originals are never public.
pub(crate) const fn may_read_original(
    app: &App,
    _extensions: &Extensions,
    _id: &JobId,
) -> Result<(), ApiError> {
    if app.is_local {
        Ok(())
    } else {
        Err(ApiError::OriginalsAreClosed)
    }
}
