//! `GET /openapi.json`, the contract, and `GET /docs`, its reader: Swagger UI and a few lines of ours (`web/reader`), inside
//! the binary, so that it reads without a network.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use axum::{Extension, extract::Path, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use rust_embed::RustEmbed;
use schemas::Digest;
use serde_json::Value;

use super::files::{ASKED_AGAIN, FOR_EVER, File};
use crate::{blocking, error::ApiError};

/// Whose work the reader is.
pub(super) const LICENSES: &[u8] = include_bytes!("../../../web/reader/licenses.md");

/// The reader runs our files and none else, and talks to this server alone. The icons in its style are `data:`, and an image
/// that was tried out is shown as a `blob:`.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

/// A document loads and runs nothing.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const INDEX: &str = "index.html";

/// Hex digits of a file's digest that are in its name: enough that no two builds share one.
const NAME_DIGITS: usize = 12;

#[derive(RustEmbed)]
#[folder = "../web/reader"]
struct Reader;

/// The reader's files by the names under which they are loaded, packed when the first of them is asked for.
static READER: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let names = Reader::iter().filter(|name| name != INDEX);
    let named: Vec<_> = names
        .filter_map(|name| Some((named_by_content(&name)?, name)))
        .collect();
    let index = named.iter().fold(text(INDEX), |index, (new, name)| {
        index.replace(&format!("/docs/{name}"), &format!("/docs/{new}"))
    });
    let files = named
        .iter()
        .filter_map(|(new, name)| Some((new.clone(), File::new(bytes(name)?, name))));
    let index = (INDEX.to_owned(), File::new(index.into(), INDEX));
    files.chain([index]).collect()
});

/// The contract of this server, as it is sent.
#[derive(Clone)]
pub(crate) struct Contract(Arc<File>);

impl Contract {
    pub(crate) fn of(document: &Value) -> Self {
        let bytes = Bytes::from(document.to_string());
        Self(Arc::new(File::new(bytes, "openapi.json")))
    }
}

pub(crate) async fn contract(
    Extension(contract): Extension<Contract>,
    headers: HeaderMap,
) -> Response {
    contract.0.answer(ASKED_AGAIN, NOTHING, &headers)
}

pub(crate) async fn reader(headers: HeaderMap) -> Result<Response, ApiError> {
    answer(INDEX, ASKED_AGAIN, &headers).await
}

pub(crate) async fn file(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&name, FOR_EVER, &headers).await
}

async fn answer(name: &str, kept: HeaderValue, asked: &HeaderMap) -> Result<Response, ApiError> {
    let reader = blocking::run(|| &*READER).await;
    let file = reader.get(name).ok_or(ApiError::NotFound)?;
    Ok(file.answer(kept, CONTENT_SECURITY_POLICY, asked))
}

/// `reader.js` as `reader-0123456789ab.js`: other bytes have another name, so they may be kept for ever.
fn named_by_content(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let digest = Digest::of(&bytes(name)?).to_string();
    Some(format!("{stem}-{}.{extension}", &digest[..NAME_DIGITS]))
}

fn bytes(name: &str) -> Option<Bytes> {
    Some(Bytes::from_owner(Reader::get(name)?.data))
}

fn text(name: &str) -> String {
    let bytes = bytes(name).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
