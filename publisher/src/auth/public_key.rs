//! A key that tokens are checked with, and the one algorithm that goes with it.
//!
//! The algorithm is the key's and never the token's choice: a token that could choose would choose `none`, or take a public
//! key for the secret of an HMAC.

use std::fmt;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};

/// An uncompressed point of P-256: a byte and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// A key that tokens are checked with.
#[derive(Clone)]
pub(super) struct PublicKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// A file that holds no key for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PemError {
    #[error("it holds a private key; only the public half belongs here")]
    Private,
    #[error("it holds no PEM public key for RS256, ES256 (P-256) or EdDSA (Ed25519)")]
    NotOurs,
}

impl PublicKey {
    /// The key of a PEM file.
    pub(super) fn of_pem(pem: &[u8]) -> Result<Self, PemError> {
        if pem.windows(11).any(|word| word == b"PRIVATE KEY") {
            return Err(PemError::Private);
        }
        let readers = [
            DecodingKey::from_rsa_pem,
            DecodingKey::from_ec_pem,
            DecodingKey::from_ed_pem,
        ];
        let read = readers.into_iter().find_map(|read| read(pem).ok());
        read.and_then(Self::of_family).ok_or(PemError::NotOurs)
    }

    fn of_family(key: DecodingKey) -> Option<Self> {
        let algorithm = match key.family() {
            AlgorithmFamily::Rsa => Algorithm::RS256,
            AlgorithmFamily::Ec if key.try_get_as_bytes().ok()?.len() == P256_POINT_BYTES => {
                Algorithm::ES256
            }
            AlgorithmFamily::Ed => Algorithm::EdDSA,
            AlgorithmFamily::Ec | AlgorithmFamily::Hmac => return None,
        };
        Some(Self { algorithm, key })
    }

    /// The key of a JWK; `None` where it is for something else than ours.
    pub(super) fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            _ => return None,
        };
        let suits = signs(jwk) && is_meant_for(algorithm, jwk.common.key_algorithm);
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| suits)?;
        Some(Self { algorithm, key })
    }
}

fn signs(jwk: &Jwk) -> bool {
    let key_use = jwk.common.public_key_use.as_ref();
    key_use.is_none_or(|key_use| *key_use == PublicKeyUse::Signature)
}

/// A key may leave open what it is for.
fn is_meant_for(algorithm: Algorithm, named: Option<KeyAlgorithm>) -> bool {
    match named {
        None => true,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDSA,
        Some(_) => false,
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
