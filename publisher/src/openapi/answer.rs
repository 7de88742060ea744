//! What is answered: bodies, headers, and where a client goes from there.

use http::StatusCode;
use schemars::JsonSchema;
use schemas::OutputFormat;
use serde_json::{Map, Value, json};

use super::writer::Writer;

/// An answer that is no refusal.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) description: String,
    headers: Vec<Header>,
    content: Map<String, Value>,
    links: Map<String, Value>,
}

/// A header that an answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    AcceptRanges,
    CacheControl,
    ContentDisposition,
    ContentLocation,
    ContentRange,
    ETag,
    Location,
    PreferenceApplied,
    RateLimit,
    RateLimitPolicy,
    RequestId,
    RetryAfter,
    Vary,
    WwwAuthenticate,
    XCache,
}

impl Answer {
    pub(super) fn new(status: StatusCode, description: &str) -> Self {
        Self {
            status,
            description: description.to_owned(),
            headers: Vec::new(),
            content: Map::new(),
            links: Map::new(),
        }
    }

    pub(super) fn headers(mut self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// A body of another type than those so far.
    pub(super) fn body(mut self, media_type: &str, body: Value) -> Self {
        self.content.insert(media_type.to_owned(), body);
        self
    }

    pub(super) fn json<T: JsonSchema>(self, writer: &mut Writer<'_>, example: &Value) -> Self {
        let schema = writer.schema::<T>();
        let body = json!({ "schema": schema, "example": example });
        self.body("application/json", body)
    }

    /// Bytes have no schema: their media type says all.
    pub(super) fn bytes<'m>(self, media_types: impl IntoIterator<Item = &'m str>) -> Self {
        let bodies = media_types.into_iter();
        bodies.fold(self, |answer, media_type| {
            answer.body(media_type, json!({}))
        })
    }

    pub(super) fn result(self) -> Self {
        self.bytes(OutputFormat::ALL.into_iter().map(OutputFormat::media_type))
    }

    /// Operations that go on from here, each with a parameter that this answer gives.
    pub(super) fn link(mut self, name: &str, operation: &str, parameter: &str, from: &str) -> Self {
        let link = json!({ "operationId": operation, "parameters": { parameter: from } });
        self.links.insert(name.to_owned(), link);
        self
    }

    pub(super) fn into_value(self, always: &[Header]) -> Value {
        let mut value = json!({
            "description": self.description,
            "headers": Header::references(self.headers.iter().chain(always)),
        });
        if !self.content.is_empty() {
            value["content"] = self.content.into();
        }
        if !self.links.is_empty() {
            value["links"] = self.links.into();
        }
        value
    }
}

impl Header {
    const ALL: [Self; 15] = [
        Self::AcceptRanges,
        Self::CacheControl,
        Self::ContentDisposition,
        Self::ContentLocation,
        Self::ContentRange,
        Self::ETag,
        Self::Location,
        Self::PreferenceApplied,
        Self::RateLimit,
        Self::RateLimitPolicy,
        Self::RequestId,
        Self::RetryAfter,
        Self::Vary,
        Self::WwwAuthenticate,
        Self::XCache,
    ];

    /// Its name, what it says, and a value.
    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AcceptRanges => (
                "Accept-Ranges",
                "Parts can be asked for with `Range`.",
                "bytes",
            ),
            Self::CacheControl => (
                "Cache-Control",
                "How long the answer may be kept, and by whom: `private` where reading needs a credential.",
                "public, max-age=86400, immutable",
            ),
            Self::ContentDisposition => (
                "Content-Disposition",
                "A file name: the bytes are to be saved, not shown.",
                "attachment; filename=\"af8c2d1c92d4.jpg\"",
            ),
            Self::ContentLocation => (
                "Content-Location",
                "Where this image can be had again.",
                "/image/af8c2d1c92d4",
            ),
            Self::ContentRange => (
                "Content-Range",
                "Which part this is, of how many bytes.",
                "bytes 0-65535/88210",
            ),
            Self::ETag => (
                "ETag",
                "The SHA-256 of the bytes, or their name.",
                "\"65d26d4b1e6f44b3\"",
            ),
            Self::Location => (
                "Location",
                "Where the job can be followed.",
                "/status/af8c2d1c92d4",
            ),
            Self::PreferenceApplied => (
                "Preference-Applied",
                "How long the answer was waited for at most.",
                "wait=10",
            ),
            Self::RateLimit => (
                "RateLimit",
                "Where a limit is set: how many requests are left (`r`), and in how many seconds (`t`) there are as many as \
                 the policy says.",
                "\"read\";r=999;t=60",
            ),
            Self::RateLimitPolicy => (
                "RateLimit-Policy",
                "Where a limit is set: so many requests (`q`) in so many seconds (`w`).",
                "\"read\";q=1000;w=60",
            ),
            Self::RequestId => (
                "X-Request-Id",
                "The request's name in our log: the client's own where it sent one, else a new one.",
                "019a9f1e-6a53-7c31-9d06-6d2a0f4c2b11",
            ),
            Self::RetryAfter => (
                "Retry-After",
                "Seconds after which the request may be sent again.",
                "5",
            ),
            Self::Vary => (
                "Vary",
                "What else of the request decided over the answer.",
                "accept",
            ),
            Self::WwwAuthenticate => (
                "WWW-Authenticate",
                "Which credential is missing, and why the one that came is not taken (RFC 6750).",
                "Bearer realm=\"nws\"",
            ),
            Self::XCache => (
                "X-Cache",
                "`HIT` where the job was done before this upload.",
                "HIT",
            ),
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::RetryAfter => json!({ "type": "integer", "minimum": 0 }),
            _ => json!({ "type": "string" }),
        }
    }

    /// Whether it is in every answer that names it.
    const fn is_always_there(self) -> bool {
        matches!(
            self,
            Self::RequestId | Self::RetryAfter | Self::AcceptRanges | Self::ContentRange
        )
    }

    /// Every header, once, for answers to point at.
    pub(super) fn components() -> Value {
        let components = Self::ALL.into_iter().map(|header| {
            let (name, description, example) = header.told();
            let mut told = json!({
                "description": description,
                "schema": header.schema(),
                "required": header.is_always_there(),
            });
            if header != Self::RetryAfter {
                told["example"] = example.into();
            }
            (name.to_owned(), told)
        });
        Value::Object(components.collect())
    }

    pub(super) fn references<'h>(headers: impl IntoIterator<Item = &'h Self>) -> Value {
        let references = headers.into_iter().map(|header| {
            let (name, ..) = header.told();
            let to = format!("#/components/headers/{name}");
            (name.to_owned(), json!({ "$ref": to }))
        });
        Value::Object(references.collect())
    }
}
