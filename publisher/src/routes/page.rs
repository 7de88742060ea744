//! The page: what `web/dist` holds, inside the binary.

use std::{collections::HashMap, sync::LazyLock};

use axum::{extract::Path, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use rust_embed::RustEmbed;

use super::{
    docs,
    files::{ASKED_AGAIN, FOR_EVER, File},
};
use crate::{blocking, error::ApiError};

/// Nothing but our own files, and pictures that the page makes itself. No inline script can run, whatever a file's name or
/// a mark's text says.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'",
);

/// Where programs find what they can ask for, and people can read it (RFC 8631).
const CONTRACT: HeaderValue = HeaderValue::from_static(
    "</openapi.json>; rel=\"service-desc\"; type=\"application/json\", </docs>; rel=\"service-doc\"; type=\"text/html\"",
);

const LICENSES: &str = "licenses.md";

#[derive(RustEmbed)]
#[folder = "../web/dist"]
struct Dist;

/// Every file by its path. It is packed when the page is first asked for and not when it is built: what lies in the
/// repository is then text that can be read and compared, and no two versions of a packer can disagree about it.
static PAGE: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let names = Dist::iter().map(|path| path.to_string());
    let files = names.filter_map(|path| {
        let bytes = with_licenses(&path, Bytes::from_owner(Dist::get(&path)?.data));
        Some((path.clone(), File::new(bytes, &path)))
    });
    files.collect()
});

/// Whose work is in the binary for browsers: the reader's authors stand beside the page's.
fn with_licenses(path: &str, bytes: Bytes) -> Bytes {
    if path == LICENSES {
        [&bytes[..], b"\n", docs::LICENSES].concat().into()
    } else {
        bytes
    }
}

pub(crate) async fn index(headers: HeaderMap) -> Result<Response, ApiError> {
    let mut page = answer("index.html", ASKED_AGAIN, headers).await?;
    page.headers_mut().insert(header::LINK, CONTRACT);
    Ok(page)
}

pub(crate) async fn icon(headers: HeaderMap) -> Result<Response, ApiError> {
    answer("favicon.svg", ASKED_AGAIN, headers).await
}

/// Of what is bundled into the script.
pub(crate) async fn licenses(headers: HeaderMap) -> Result<Response, ApiError> {
    answer(LICENSES, ASKED_AGAIN, headers).await
}

pub(crate) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&format!("assets/{name}"), FOR_EVER, headers).await
}

async fn answer(path: &str, kept: HeaderValue, asked: HeaderMap) -> Result<Response, ApiError> {
    let page = blocking::run(|| &*PAGE).await;
    let file = page.get(path).ok_or(ApiError::NotFound)?;
    Ok(file.answer(kept, CONTENT_SECURITY_POLICY, &asked))
}

#[cfg(test)]
mod tests {
    use super::{super::files::media_type, *};

    #[test]
    fn every_file_of_the_page_has_a_type_that_browsers_know() {
        for path in Dist::iter() {
            assert!(media_type(&path).is_some(), "{path}");
        }
    }
}
