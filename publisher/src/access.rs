//! Who may read originals. What results ask of their readers is `auth`'s.

use backends::results::Ownership;
use http::{HeaderMap, request::Parts};
use schemas::JobId;

use crate::{app::App, auth::Caller, error::ApiError};

/// What proxies tell of themselves, or of whom they speak for. One that says nothing at all looks like somebody on this
/// machine: it must not lead here.
const OF_PROXIES: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

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
    OF_PROXIES.iter().any(|name| headers.contains_key(*name))
}
