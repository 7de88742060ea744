//! Signatures as Standard Webhooks 1.0 has them: `v1,` and the HMAC-SHA256 of `<id>.<timestamp>.<body>` in base64, one
//! for each secret, so that a secret can be changed without a message that its receiver cannot check.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// Bytes of a secret: what the standard asks for.
const SECRET_BYTES: RangeInclusive<usize> = 24..=64;

/// Secrets at once: the one before and the next one, and one more. Each costs a hash of every message.
const SECRETS_MAX: usize = 3;

/// What messages are signed with: at least one secret.
#[derive(Clone)]
pub(super) struct Secrets(Vec<Vec<u8>>);

/// Why a text is no list of secrets. It does not repeat what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotSecrets {
    #[error("secret {0} does not begin with whsec_")]
    Prefix(usize),
    #[error("what follows whsec_ in secret {0} is not base64")]
    Base64(usize),
    #[error("secret {at} has {measured} bytes, 24 to 64 are allowed")]
    Length { at: usize, measured: usize },
    #[error("there are {0} secrets, the limit is {SECRETS_MAX}")]
    TooMany(usize),
    #[error("there is no secret")]
    None,
}

impl Secrets {
    /// The signatures of a message, with spaces between.
    pub(super) fn sign(&self, id: &str, timestamp_secs: u64, body: &[u8]) -> String {
        let signed = [format!("{id}.{timestamp_secs}.").as_bytes(), body].concat();
        let signatures: Vec<_> = self.0.iter().map(|key| sign(key, &signed)).collect();
        signatures.join(" ")
    }
}

fn sign(key: &[u8], signed: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("an HMAC takes a key of any length");
    mac.update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Secrets with commas or spaces between. Messages name no number, so that places are counted from 1.
impl FromStr for Secrets {
    type Err = NotSecrets;

    fn from_str(text: &str) -> Result<Self, NotSecrets> {
        let words = text.split([',', ' ', '\n']).filter(|word| !word.is_empty());
        let secrets = (1..).zip(words).map(|(at, word)| secret(at, word));
        let secrets: Vec<_> = secrets.collect::<Result<_, _>>()?;
        match secrets.len() {
            0 => Err(NotSecrets::None),
            1..=SECRETS_MAX => Ok(Self(secrets)),
            many => Err(NotSecrets::TooMany(many)),
        }
    }
}

fn secret(at: usize, text: &str) -> Result<Vec<u8>, NotSecrets> {
    let encoded = text.strip_prefix(PREFIX).ok_or(NotSecrets::Prefix(at))?;
    let secret = STANDARD.decode(encoded);
    let secret = secret.map_err(|_| NotSecrets::Base64(at))?;
    let measured = secret.len();
    if !SECRET_BYTES.contains(&measured) {
        return Err(NotSecrets::Length { at, measured });
    }
    Ok(secret)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The example of the standard's own test suite.
    #[test]
    fn a_message_is_signed_as_the_standard_signs_it() {
        let secrets: Secrets = SECRET.parse().unwrap();
        let signature = secrets.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs_while_one_takes_the_place_of_another() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let both: Secrets = format!("{SECRET},{other}").parse().unwrap();
        let alone = |text: &str| text.parse::<Secrets>().unwrap().sign("msg_1", 1, b"{}");
        assert_eq!(
            both.sign("msg_1", 1, b"{}"),
            format!("{} {}", alone(SECRET), alone(&other))
        );
    }

    #[test]
    fn what_is_no_secret_is_refused_without_being_repeated() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        for (text, reason) in [
            ("hush", NotSecrets::Prefix(1)),
            (&format!("{SECRET} hush"), NotSecrets::Prefix(2)),
            ("whsec_!", NotSecrets::Base64(1)),
            (
                &short,
                NotSecrets::Length {
                    at: 1,
                    measured: 23,
                },
            ),
            ("", NotSecrets::None),
            (&[SECRET; 4].join(","), NotSecrets::TooMany(4)),
        ] {
            assert_eq!(text.parse::<Secrets>().unwrap_err(), reason);
        }
        assert_eq!(format!("{:?}", SECRET.parse::<Secrets>()), "Ok([redacted])");
    }
}
