//! Tokens of an identity provider: JWTs, signed with a public-key algorithm (RFC 7519, RFC 9068).

use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, Header, TokenData, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    caller::{Caller, Scopes},
    denied::Denied,
    jwks::Jwks,
    public_key::PublicKey,
};

/// How far the provider's clock and ours may be apart. 30 s: clocks that are kept right differ by milliseconds, and a token
/// lives for minutes.
const LEEWAY_SECS: u64 = 30;

/// Characters of a subject. It goes into logs and records; providers use a UUID or an address.
const SUBJECT_CHARS_MAX: usize = 256;

/// What tokens are held against.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) keys: TokenKeys,
    pub(super) issuer: String,
    pub(super) audience: String,
}

/// Where the keys come from.
#[derive(Debug)]
pub(super) enum TokenKeys {
    /// A file's.
    One(PublicKey),
    /// The provider's list.
    Fetched(Arc<Jwks>),
}

/// What is looked at here: of any kind, so that one of another kind than ours is told by its name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: Value,
    sub: Value,
    scope: Value,
}

impl Tokens {
    /// Whom `token` speaks of.
    pub(super) async fn caller(&self, token: &str) -> Result<Caller, Denied> {
        let header = decode_header(token).map_err(|error| refused(&error))?;
        understood(&header)?;
        let key = self.keys.find(&header).await?;
        if key.algorithm != header.alg {
            return Err(Denied::Token(
                "it is signed with another algorithm than its key is for",
            ));
        }
        let read = decode(token, &key.key, &self.validation(key.algorithm));
        let TokenData { claims, .. } = read.map_err(|error| refused(&error))?;
        spoken_of(&claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECS;
        validation
    }
}

impl TokenKeys {
    async fn find(&self, header: &Header) -> Result<PublicKey, Denied> {
        match self {
            Self::One(key) => Ok(key.clone()),
            Self::Fetched(jwks) => jwks.find(header.kid.as_deref(), header.alg).await,
        }
    }
}

/// A header that demands what we do not know must not be passed over (RFC 7515 §4.1.11), and keys are fetched for our own
/// algorithms only.
fn understood(header: &Header) -> Result<(), Denied> {
    match header.alg {
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => {}
        _ => {
            return Err(Denied::Token(
                "its algorithm is none of RS256, ES256 and EdDSA",
            ));
        }
    }
    if header.crit.is_some() {
        return Err(Denied::Token(
            "its header has critical fields (crit), and none is known here",
        ));
    }
    Ok(())
}

/// The library has compared the issuer; but to it a list that names ours among others is fine, and a token has one issuer
/// (RFC 7519 §4.1.1).
fn spoken_of(claims: &Claims) -> Result<Caller, Denied> {
    if !claims.iss.is_string() {
        return Err(Denied::Token("its issuer (iss) is not one text"));
    }
    let scopes = scopes(&claims.scope)?;
    let subject = claims.sub.as_str().unwrap_or_default();
    let is_name = (1..=SUBJECT_CHARS_MAX).contains(&subject.chars().count())
        && !subject.contains(char::is_control);
    if !is_name {
        return Err(Denied::Token(
            "its subject (sub) is empty, too long, or no text",
        ));
    }
    Ok(Caller::with_token(subject, scopes))
}

/// One text with spaces between the words (RFC 8693 §4.2), or a list of words, as several providers send it.
fn scopes(claim: &Value) -> Result<Scopes, Denied> {
    let words = match claim {
        Value::Null => Some(String::new()),
        Value::String(words) => Some(words.clone()),
        Value::Array(words) => {
            let words: Option<Vec<_>> = words.iter().map(Value::as_str).collect();
            words.map(|words| words.join(" "))
        }
        _ => None,
    };
    let words = words.ok_or(Denied::Token(
        "its scope is neither a text nor a list of words",
    ))?;
    Ok(Scopes::of_claim(&words))
}

fn refused(error: &Error) -> Denied {
    Denied::Token(match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired (exp)",
        ErrorKind::ImmatureSignature => "it is not valid yet (nbf)",
        ErrorKind::InvalidIssuer => "it comes from somebody else (iss)",
        ErrorKind::InvalidAudience => "it is for somebody else (aud)",
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            unreadable(claim)
        }
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidAlgorithm => "it is signed with another algorithm than its key is for",
        _ => "it cannot be read as a JWT with RS256, ES256 or EdDSA",
    })
}

/// The library does not tell a claim that is not there from one of another kind.
fn unreadable(claim: &str) -> &'static str {
    match claim {
        "exp" => "its expiry (exp) is not there, or is no time",
        "nbf" => "its beginning (nbf) is no time",
        "iss" => "its issuer (iss) is not there, or is no text",
        "aud" => "its audience (aud) is not there, or is no text",
        _ => "its subject (sub) is not there, or is no text",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caller(sub: &str, scope: impl Into<Value>) -> Result<Caller, Denied> {
        spoken_of(&Claims {
            iss: json!("https://id.example/"),
            sub: json!(sub),
            scope: scope.into(),
        })
    }

    #[test]
    fn a_subject_is_a_name_and_a_token_without_scopes_may_nothing() {
        let named = caller("ada", "").unwrap();
        assert_eq!(named.name(), Some("token:ada"));
        assert_eq!(named.scopes(), Scopes::NONE);
        for sub in ["", "a\nb", &"a".repeat(SUBJECT_CHARS_MAX + 1)] {
            assert!(caller(sub, "read").is_err(), "{sub:?}");
        }
    }

    #[test]
    fn scopes_come_as_a_text_or_as_a_list_and_as_nothing_else() {
        let both = "upload,read".parse().unwrap();
        for scope in [
            json!("upload read"),
            json!(["upload", "read"]),
            json!(["openid", "upload read"]),
        ] {
            assert_eq!(caller("ada", scope).unwrap().scopes(), both);
        }
        assert_eq!(caller("ada", Value::Null).unwrap().scopes(), Scopes::NONE);
        for scope in [json!(["read", 1]), json!(1), json!({ "read": true })] {
            let denied = caller("ada", scope).unwrap_err().to_string();
            assert!(denied.contains("its scope"), "{denied}");
        }
    }

    #[test]
    fn what_is_critical_and_unknown_is_refused() {
        let mut header = Header::new(Algorithm::ES256);
        understood(&header).unwrap();
        header.crit = Some(vec!["exp".to_owned()]);
        understood(&header).unwrap_err();
        understood(&Header::new(Algorithm::HS256)).unwrap_err();
    }
}
