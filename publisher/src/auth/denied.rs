//! Why somebody is not let in.

use http::{HeaderValue, StatusCode};

use super::caller::Scope;

/// Why somebody is not let in. What a text says of a credential, its holder knows; it never repeats one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error(
        "nobody has to say here who they are, so it answers only names that it knows, and {0:?} is none: list it in \
         allowed_hosts, or set up keys"
    )]
    Host(String),
    #[error("a page of another site may not do this; cors_origins lists those that may")]
    OtherSite,
    #[error(
        "this needs a credential: `Authorization: Bearer` with an API key or a token, or `X-API-Key`"
    )]
    Missing,
    #[error("the {header} header cannot be read: {problem}")]
    Malformed {
        header: &'static str,
        problem: &'static str,
    },
    #[error("{count} credentials came with this request, one is expected")]
    Several { count: usize },
    #[error("the credential has {measured} characters, the limit is {limit}")]
    TooLong { measured: usize, limit: usize },
    #[error("there is no such API key")]
    UnknownKey,
    #[error("the token is refused: {0}")]
    Token(&'static str),
    #[error("the keys that tokens are checked with cannot be fetched just now")]
    KeysAway,
    #[error("this needs the scope {}", .0.as_str())]
    Scope(Scope),
    #[error("the link has expired")]
    LinkExpired { now: u64, until: u64 },
    #[error("the link was not made here, was changed, or its key is not used any more")]
    LinkForged,
}

impl Denied {
    /// The status, a word for programs and metrics, and a title for people.
    pub(crate) const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Host(_) => (
                StatusCode::MISDIRECTED_REQUEST,
                "host_unknown",
                "Not known by this name",
            ),
            Self::OtherSite => (StatusCode::FORBIDDEN, "other_site", "Not from there"),
            Self::Missing => (
                StatusCode::UNAUTHORIZED,
                "credential_missing",
                "Credential missing",
            ),
            Self::Malformed { .. } => (
                StatusCode::BAD_REQUEST,
                "credential_malformed",
                "Malformed credential",
            ),
            Self::Several { .. } => (
                StatusCode::BAD_REQUEST,
                "credentials_several",
                "Several credentials",
            ),
            Self::TooLong { .. } => (
                StatusCode::BAD_REQUEST,
                "credential_too_long",
                "Credential too long",
            ),
            Self::UnknownKey => (StatusCode::UNAUTHORIZED, "key_unknown", "Unknown key"),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, "token_refused", "Token refused"),
            Self::KeysAway => (
                StatusCode::SERVICE_UNAVAILABLE,
                "keys_away",
                "Tokens cannot be checked now",
            ),
            Self::Scope(_) => (StatusCode::FORBIDDEN, "scope_missing", "Not allowed"),
            Self::LinkExpired { .. } => (StatusCode::FORBIDDEN, "link_expired", "Link expired"),
            Self::LinkForged => (StatusCode::FORBIDDEN, "link_forged", "Link refused"),
        }
    }

    /// The part of the request that is at fault.
    pub(crate) const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Host(_) => Some("host"),
            Self::OtherSite => Some("origin"),
            Self::Malformed { header, .. } => Some(header),
            Self::LinkExpired { .. } => Some("exp"),
            Self::LinkForged => Some("sig"),
            Self::KeysAway => None,
            _ => Some("authorization"),
        }
    }

    pub(crate) const fn measured_and_limit(&self) -> Option<(u64, u64)> {
        match self {
            Self::TooLong { measured, limit } => Some((*measured as u64, *limit as u64)),
            Self::Several { count } => Some((*count as u64, 1)),
            Self::LinkExpired { now, until } => Some((*now, *until)),
            _ => None,
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750 §3). Who brought nothing is not told of an error.
    pub(crate) fn challenge(&self) -> Option<HeaderValue> {
        let error = match self {
            Self::Missing => String::new(),
            Self::Malformed { .. } | Self::Several { .. } | Self::TooLong { .. } => {
                ", error=\"invalid_request\"".to_owned()
            }
            Self::UnknownKey | Self::Token(_) => ", error=\"invalid_token\"".to_owned(),
            Self::Scope(scope) => {
                let scope = scope.as_str();
                format!(", error=\"insufficient_scope\", scope=\"{scope}\"")
            }
            Self::Host(_)
            | Self::OtherSite
            | Self::KeysAway
            | Self::LinkExpired { .. }
            | Self::LinkForged => return None,
        };
        let challenge = format!("Bearer realm=\"nws\"{error}");
        Some(HeaderValue::try_from(challenge).expect("it is ASCII"))
    }
}
