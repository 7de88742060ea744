//! Who may read originals. What results ask of their readers is `auth`'s.

use backends::results::Ownership;
use http::{HeaderMap, header::FORWARDED, request::Parts};
use schemas::JobId;

use crate::{app::App, auth::Caller, error::ApiError};

/// What a proxy tells in, besides `Forwarded`.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether whoever sent `request` may read the original of `id`: the one who uploaded it, and who may do everything.
///
/// # Errors
/// For anybody else. Where nobody has to say who they are, that is everybody who may come from another machine: originals are
/// never public.
pub(crate) async fn may_read_original(
    app: &App,
    request: &Parts,
    id: &JobId,
) -> Result<(), ApiError> {
    if !app.access.is_guarded() {
        return if app.is_local && !is_forwarded(&request.headers) {
            Ok(())
        } else {
            Err(ApiError::OriginalsAreClosed)
        };
    }
    let caller = request.extensions.get::<Caller>();
    let reader = caller
        .ok_or(ApiError::NotYourOriginal)?
        .owner_unless_admin();
    let record = app.results.record(id).await?;
    let ownership = record.map_or(Ownership::Unclaimed, |record| record.ownership);
    if ownership.lets(reader.as_ref()) {
        Ok(())
    } else {
        Err(ApiError::NotYourOriginal)
    }
}

/// Whether a proxy of this machine speaks for somebody who may be anywhere.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key(FORWARDED_FOR)
}
