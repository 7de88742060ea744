//! What a route asks of its caller, by the table that callers are let in by.

use http::Method;
use serde_json::{Value, json};

use crate::{
    auth::{Denied, Need, Scope},
    error::ApiError,
    fairness::{TooMany, What},
};

/// Some instant, in seconds since 1970.
const NOW_SECS: u64 = 1_795_161_600;

/// How a caller says who it is.
pub(super) fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "An API key (`nws_…`, made by `nws key new`) or a JWT of the configured identity provider. What it opens \
                            are its scopes: `upload`, `read`, `admin`.",
        },
        "apiKey": {
            "type": "apiKey", "in": "header", "name": "X-API-Key",
            "description": "The same API key, in a header of its own.",
        },
        "linkExpiry": signed("exp", "When the link expires, in seconds since 1970."),
        "linkKey": signed("kid", "Which key signed the link."),
        "linkSignature": signed("sig", "The signature: base64url of an HMAC-SHA-256."),
    })
}

fn signed(name: &str, description: &str) -> Value {
    let description = format!(
        "Of a signed link, as every `url` in an answer is one where `link_keys` are set. {description}"
    );
    json!({ "type": "apiKey", "in": "query", "name": name, "description": description })
}

/// Any one of these does.
pub(super) fn requirements(need: Need) -> Value {
    match need {
        Need::NotEvenAName | Need::Nothing => json!([]),
        Need::Scope(scope) => json!(with(scope)),
        Need::ReadOrLink => {
            let mut ways = with(Scope::Read).to_vec();
            ways.push(json!({ "linkExpiry": [], "linkKey": [], "linkSignature": [] }));
            json!(ways)
        }
    }
}

fn with(scope: Scope) -> [Value; 2] {
    let scope = scope.as_str();
    [json!({ "bearer": [scope] }), json!({ "apiKey": [scope] })]
}

/// Why a browser may be led by a stranger's page, and is refused.
pub(super) fn of_visitors(method: &Method, need: Need, is_guarded: bool) -> Vec<ApiError> {
    let mut denied = Vec::new();
    if !is_guarded && need != Need::NotEvenAName {
        denied.push(Denied::Host("shop.example".to_owned()));
    }
    if method != Method::GET {
        denied.push(Denied::OtherSite);
    }
    denied.into_iter().map(ApiError::from).collect()
}

/// Why somebody is not let in.
pub(super) fn refusals(need: Need) -> Vec<ApiError> {
    let (scope, by_link) = match need {
        Need::NotEvenAName | Need::Nothing => return Vec::new(),
        Need::Scope(scope) => (scope, false),
        Need::ReadOrLink => (Scope::Read, true),
    };
    let mut denied = vec![
        Denied::Malformed {
            header: "authorization",
            problem: "nothing comes after Bearer",
        },
        Denied::Several { count: 2 },
        Denied::Missing,
        Denied::UnknownKey,
        Denied::Token("it has expired"),
        Denied::Scope(scope),
        Denied::KeysAway,
    ];
    if by_link {
        denied.extend([
            Denied::LinkForged,
            Denied::LinkExpired {
                now: NOW_SECS,
                until: NOW_SECS - 60,
            },
        ]);
    }
    // Who is refused too often is not looked at any more.
    let too_many = ApiError::TooMany(TooMany::example(What::Read));
    let denied = denied.into_iter().map(ApiError::from);
    denied.chain([too_many]).collect()
}
