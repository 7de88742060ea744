//! Signed links to images: an `<img>` sends no header, so what it may see is said in its address, by us, for a time.
//!
//! `/image/{id}?exp=…&kid=…&sig=…`, where `sig` is the HMAC-SHA-256 of the path, the time and the key's id. It opens this one
//! image, for whoever has the link.

use std::{fmt, time::Duration};

use axum::extract::Query;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Uri;
use serde::Deserialize;
use sha2::Sha256;

use super::denied::Denied;

/// Bytes of a secret at least: as many as the signature has (RFC 2104 §3).
const SECRET_BYTES_MIN: usize = 32;

const ID_CHARS_MAX: usize = 16;

/// Keys at once. One is in use; more are there while they are changed.
const KEYS_MAX: usize = 8;

/// A link's age is in four steps: within one the link stays the same, so that browsers find their image again.
const STEPS_OF_AGE: u64 = 4;

/// What the signature is of. It begins with what it is for, so that no other signature of ours can be taken for it.
const PURPOSE: &str = "nws.link.v1";

/// Signs and checks links.
#[derive(Clone)]
pub(super) struct Links {
    keys: Vec<Key>,
    age_secs: u64,
}

#[derive(Clone)]
struct Key {
    id: String,
    hmac: Hmac<Sha256>,
}

/// A setting that holds no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkKeyError {
    #[error(
        "the key in place {0} is not ID:SECRET, 1 to {ID_CHARS_MAX} letters and digits, and {SECRET_BYTES_MIN} \
         bytes or more in base64url; `nws key link` makes one"
    )]
    NotOne(usize),
    #[error("the key in place {0} has the id of another")]
    Twice(usize),
    #[error("{0} keys, the limit is {KEYS_MAX}")]
    TooMany(usize),
}

/// What a signed link says.
#[derive(Debug, Deserialize)]
struct Signed {
    exp: u64,
    kid: String,
    sig: String,
}

impl Links {
    /// The keys of `list`; the first one signs. They are told by their place: a list that is malformed may hold its
    /// secrets anywhere.
    pub(super) fn new(list: &str, age_secs: u64) -> Result<Self, LinkKeyError> {
        let mut keys = Vec::<Key>::new();
        for (entry, place) in list.split_whitespace().zip(1..) {
            let key = Key::parse(entry).ok_or(LinkKeyError::NotOne(place))?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(LinkKeyError::Twice(place));
            }
            keys.push(key);
        }
        if keys.len() > KEYS_MAX {
            return Err(LinkKeyError::TooMany(keys.len()));
        }
        Ok(Self { keys, age_secs })
    }

    /// `path` with all that opens it, if there is a key.
    pub(super) fn sign(&self, path: &str, now_secs: u64) -> Option<String> {
        let key = self.keys.first()?;
        let exp = self.until(now_secs);
        let sig = URL_SAFE_NO_PAD.encode(key.signature(path, exp).finalize().into_bytes());
        Some(format!("{path}?exp={exp}&kid={}&sig={sig}", key.id))
    }

    /// Never later than the age from now, and never earlier than three quarters of it.
    const fn until(&self, now_secs: u64) -> u64 {
        let step_secs = if self.age_secs < STEPS_OF_AGE {
            1
        } else {
            self.age_secs / STEPS_OF_AGE
        };
        now_secs - now_secs % step_secs + self.age_secs
    }

    /// How long the link is good still. `None` for an address that is no signed link.
    pub(super) fn check(&self, uri: &Uri, now_secs: u64) -> Option<Result<Duration, Denied>> {
        let is_signed = uri.query()?.split('&').any(|part| part.starts_with("sig="));
        is_signed.then(|| self.left(uri, now_secs))
    }

    /// The signature is checked before the time: of a link that was forged nothing is believed.
    fn left(&self, uri: &Uri, now_secs: u64) -> Result<Duration, Denied> {
        let Query(signed) = Query::<Signed>::try_from_uri(uri).map_err(|_| Denied::LinkForged)?;
        let key = self.keys.iter().find(|key| key.id == signed.kid);
        let key = key.ok_or(Denied::LinkForged)?;
        let sig = URL_SAFE_NO_PAD.decode(&signed.sig);
        let sig = sig.map_err(|_| Denied::LinkForged)?;
        let hmac = key.signature(uri.path(), signed.exp);
        hmac.verify_slice(&sig).map_err(|_| Denied::LinkForged)?; // in constant time
        match signed.exp.checked_sub(now_secs) {
            Some(left_secs @ 1..) => Ok(Duration::from_secs(left_secs)),
            _ => Err(Denied::LinkExpired {
                now: now_secs,
                until: signed.exp,
            }),
        }
    }
}

impl Key {
    fn parse(entry: &str) -> Option<Self> {
        let (id, secret) = entry.split_once(':')?;
        let is_id = (1..=ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?;
        let hmac = Hmac::new_from_slice(&secret).ok()?;
        (is_id && secret.len() >= SECRET_BYTES_MIN).then(|| Self {
            id: id.to_owned(),
            hmac,
        })
    }

    /// No part holds a line break, so the parts cannot run into each other.
    fn signature(&self, path: &str, exp: u64) -> Hmac<Sha256> {
        let text = format!("{PURPOSE}\n{path}\n{exp}\n{}", self.id);
        self.hmac.clone().chain_update(text)
    }
}

/// A line for `link_keys`: a key of `random`, which nobody can guess.
pub fn new_link_key(id: &str, random: [u8; SECRET_BYTES_MIN]) -> Option<String> {
    let entry = format!("{id}:{}", URL_SAFE_NO_PAD.encode(random));
    Key::parse(&entry).is_some().then_some(entry)
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| &key.id).collect();
        f.debug_struct("Links")
            .field("keys", &ids)
            .field("age_secs", &self.age_secs)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;
    const AGE_SECS: u64 = 4000;

    fn entry(id: &str, seed: u8) -> String {
        new_link_key(id, [seed; SECRET_BYTES_MIN]).unwrap()
    }

    fn links(list: &str) -> Links {
        Links::new(list, AGE_SECS).unwrap()
    }

    fn check(links: &Links, link: &str, now: u64) -> Result<Duration, Denied> {
        links.check(&link.parse().unwrap(), now).unwrap()
    }

    #[test]
    fn a_link_opens_its_path_until_it_expires() {
        let links = links(&entry("a", 1));
        let link = links.sign("/image/1", NOW).unwrap();
        let left = check(&links, &link, NOW).unwrap().as_secs();
        assert!((AGE_SECS * 3 / 4..=AGE_SECS).contains(&left), "{left}");
        assert!(check(&links, &link, NOW + left - 1).is_ok());
        assert!(matches!(
            check(&links, &link, NOW + left),
            Err(Denied::LinkExpired { .. })
        ));
    }

    #[test]
    fn who_shares_the_key_chooses_the_age_of_its_own_links() {
        let ours = links(&entry("a", 1));
        let theirs = Links::new(&entry("a", 1), 100 * AGE_SECS).unwrap();
        let link = theirs.sign("/image/1", NOW).unwrap();
        let left = check(&ours, &link, NOW).unwrap().as_secs();
        assert!(left > AGE_SECS, "{left}");
    }

    #[test]
    fn whatever_is_changed_the_link_is_forged() {
        let links = links(&entry("a", 1));
        let link = links.sign("/image/1", NOW).unwrap();
        let exp = links.until(NOW);
        let other = Links::new(&entry("a", 2), AGE_SECS).unwrap();
        let mut forged = vec![
            link.replace("/image/1", "/image/2"),
            link.replace(&exp.to_string(), &(exp + 1).to_string()),
            link.replace("kid=a", "kid=b"),
            link[..link.len() - 2].to_owned(),
            format!("{link}&sig=AAAA"),
            other.sign("/image/1", NOW).unwrap(),
        ];
        forged.push("/image/1?sig=AAAA".to_owned());
        for forged in forged {
            assert_eq!(
                check(&links, &forged, NOW),
                Err(Denied::LinkForged),
                "{forged}"
            );
        }
    }

    #[test]
    fn the_first_key_signs_and_each_verifies() {
        let (old, both) = (
            links(&entry("a", 1)),
            links(&format!("{} {}", entry("b", 2), entry("a", 1))),
        );
        let link = old.sign("/image/1", NOW).unwrap();
        assert!(check(&both, &link, NOW).is_ok());
        let link = both.sign("/image/1", NOW).unwrap();
        assert!(link.contains("kid=b"), "{link}");
        assert_eq!(check(&old, &link, NOW), Err(Denied::LinkForged));
    }

    #[test]
    fn a_link_stays_the_same_for_a_while_and_no_address_is_one_by_accident() {
        let links = links(&entry("a", 1));
        let first = NOW - NOW % (AGE_SECS / STEPS_OF_AGE);
        let link = |now| links.sign("/image/1", now);
        assert_eq!(link(first), link(first + AGE_SECS / STEPS_OF_AGE - 1));
        assert_ne!(link(first), link(first + AGE_SECS / STEPS_OF_AGE));
        assert!(
            links
                .check(&Uri::from_static("/image/1?a=b"), NOW)
                .is_none()
        );
        assert!(links.check(&Uri::from_static("/image/1"), NOW).is_none());
    }

    #[test]
    fn a_list_that_is_none_is_told_without_its_secrets() {
        let twice = format!("{} {}", entry("a", 1), entry("a", 2));
        for list in ["secret", "a:c2hvcnQ", "a-b:", &twice] {
            let error = Links::new(list, 1).unwrap_err().to_string();
            assert!(!error.contains("c2hvcnQ"), "{error}");
        }
        assert!(links("").sign("/image/1", NOW).is_none());
    }
}
