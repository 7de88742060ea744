//! Tokens of an identity provider: JWTs, signed with a public-key algorithm (RFC 7519, RFC 9068).

use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, Header, TokenData, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;

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

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
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

fn spoken_of(claims: &Claims) -> Result<Caller, Denied> {
    let subject = claims.sub.as_str();
    let is_name = (1..=SUBJECT_CHARS_MAX).contains(&subject.chars().count())
        && !subject.contains(char::is_control);
    if !is_name {
        return Err(Denied::Token(
            "its subject (sub) is empty, too long, or no text",
        ));
    }
    Ok(Caller::with_token(subject, Scopes::of_claim(&claims.scope)))
}

fn refused(error: &Error) -> Denied {
    Denied::Token(match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired (exp)",
        ErrorKind::ImmatureSignature => "it is not valid yet (nbf)",
        ErrorKind::InvalidIssuer => "it comes from somebody else (iss)",
        ErrorKind::InvalidAudience => "it is for somebody else (aud)",
        ErrorKind::MissingRequiredClaim(_) => "it lacks one of exp, iss, aud and sub",
        ErrorKind::InvalidClaimFormat(_) => "one of its times cannot be read",
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidAlgorithm => "it is signed with another algorithm than its key is for",
        _ => "it cannot be read as a JWT with RS256, ES256 or EdDSA",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(sub: &str, scope: &str) -> Result<Caller, Denied> {
        spoken_of(&Claims {
            sub: sub.to_owned(),
            scope: scope.to_owned(),
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
    fn what_is_critical_and_unknown_is_refused() {
        let mut header = Header::new(Algorithm::ES256);
        understood(&header).unwrap();
        header.crit = Some(vec!["exp".to_owned()]);
        understood(&header).unwrap_err();
        understood(&Header::new(Algorithm::HS256)).unwrap_err();
    }
}
