//! An identity provider: keys that were made just now, tokens, and a list of keys on loopback.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode, get_current_timestamp,
    jwk::{Jwk, JwkSet},
};
use publisher::auth;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

const ISSUER: &str = "https://id.test/";
const AUDIENCE: &str = "nws";

/// Settings that take the tokens of this provider.
pub(crate) fn taking_tokens() -> auth::Config {
    // The TLS library takes no provider by itself. Another test of this process may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    auth::Config {
        auth_jwt_issuer: ISSUER.to_owned(),
        auth_jwt_audience: AUDIENCE.to_owned(),
        ..auth::Config::default()
    }
}

/// Claims that are let in, to be changed.
pub(crate) fn claims() -> Value {
    let now = get_current_timestamp();
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "scope": "openid read", "exp": now + 300 })
}

/// A key pair of the provider.
pub(crate) struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    pub(crate) public_pem: String,
}

impl Signer {
    pub(crate) fn new(id: &'static str, algorithm: Algorithm) -> Self {
        let (key, public_pem) = match algorithm {
            Algorithm::RS256 => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
                let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
                let private = pem("PRIVATE KEY", private.as_ref());
                let key = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
                (key, pem("PUBLIC KEY", public.as_ref()))
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let private = pair.to_pkcs8v1().unwrap();
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
                let key = EncodingKey::from_ec_der(private.as_ref());
                (key, pem("PUBLIC KEY", public.as_ref()))
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let private = pair.to_pkcs8v1().unwrap();
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
                let key = EncodingKey::from_ed_der(private.as_ref());
                (key, pem("PUBLIC KEY", public.as_ref()))
            }
            other => panic!("no provider of ours signs with {other:?}"),
        };
        Self {
            id,
            algorithm,
            key,
            public_pem,
        }
    }

    /// A token, ready for the `Authorization` header.
    pub(crate) fn bearer(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        format!("Bearer {}", encode(&header, claims, &self.key).unwrap())
    }

    fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        jwk
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// The list of keys, served on loopback.
pub(crate) struct Issuer {
    address: SocketAddr,
    listed: Listed,
    served: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Listed {
    /// `None` while the provider is out of order.
    keys: Arc<Mutex<Option<JwkSet>>>,
    asked: Arc<AtomicU64>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listed = Listed::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/jwks", get(list))
            .with_state(listed.clone());
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            listed,
            served,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/jwks", self.address)
    }

    /// From now on these are its keys.
    pub(crate) fn lists(&self, signers: &[&Signer]) {
        let keys = signers.iter().map(|signer| signer.jwk()).collect();
        *self.listed.keys.lock().unwrap() = Some(JwkSet { keys });
    }

    pub(crate) fn breaks(&self) {
        *self.listed.keys.lock().unwrap() = None;
    }

    /// How often its keys were fetched, in vain or not.
    pub(crate) fn asked(&self) -> u64 {
        self.listed.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn list(State(listed): State<Listed>) -> Result<Json<JwkSet>, StatusCode> {
    listed.asked.fetch_add(1, Ordering::SeqCst);
    let keys = listed.keys.lock().unwrap().clone();
    keys.map(Json).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}
