//! An identity provider's keys, fetched from its JWKS URL (RFC 7517) and kept.
//!
//! They are fetched before anybody asks. A provider changes its keys without a word to us. A token with a key that is not known is the sign, so the list is
//! fetched then, but no more often than every so often: anybody can write an unknown key's name into a token. While the URL is
//! away the keys that are known stay good, for a time that is bounded, because a key that was taken back stays good as long.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::{Algorithm, jwk::JwkSet};
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, sleep},
};
use tracing::{info, warn};

use super::{denied::Denied, public_key::PublicKey};

/// Longest a fetch may take; a request waits for it. 3 s: a provider is not next door, and people wait for a page as long.
const FETCH_MAX: Duration = Duration::from_secs(3);

/// Longest list. 256 KiB: the largest providers publish some ten keys with their certificates in 20.
const LIST_BYTES_MAX: usize = 256 * 1024;

/// Keys of one list.
const KEYS_MAX: usize = 100;

/// How long what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    /// Keys are used without a question until they are so old.
    pub(super) refresh: Duration,
    /// Between two fetches.
    pub(super) pause: Duration,
    /// Keys are used while the URL is away until they are so old.
    pub(super) stale_max: Duration,
}

/// The provider's keys.
pub(super) struct Jwks {
    url: String,
    client: reqwest::Client,
    ages: Ages,
    cache: Mutex<Cache>,
    /// Held during a fetch: who needs its keys waits for them, and nobody else does.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Cache {
    keys: Arc<[Named]>,
    /// When they were fetched, if ever.
    fetched: Option<Instant>,
    /// When a fetch last began, whatever came of it.
    tried: Option<Instant>,
}

struct Named {
    id: Option<String>,
    key: PublicKey,
}

impl Jwks {
    pub(super) fn new(url: String, ages: Ages) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(FETCH_MAX)
            .redirect(reqwest::redirect::Policy::none()) // who may redirect us may give us keys
            .build()?;
        Ok(Self {
            url,
            client,
            ages,
            cache: Mutex::default(),
            turn: Arc::default(),
        })
    }

    /// Fetches the keys before anybody needs them. A provider that is away is asked again until they came once; from then on
    /// tokens say when to ask.
    pub(super) async fn fetch_first(self: &Arc<Self>) {
        let is_due = || self.ages.is_fetch_due(&self.cache(), false, Instant::now());
        loop {
            self.fetch_if(is_due).await;
            if self.cache().fetched.is_some() {
                return;
            }
            sleep(self.ages.pause).await;
        }
    }

    /// The key of that id, for that algorithm. Without an id, the one that suits.
    pub(super) async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<PublicKey, Denied> {
        let is_known = self.cache().find(id, algorithm).is_some();
        if !is_known || self.is_fetch_due(id, algorithm) {
            self.fetch_if(|| self.is_fetch_due(id, algorithm)).await;
        }
        let cache = self.cache().clone();
        if !self.ages.are_good(&cache, Instant::now()) {
            return Err(Denied::KeysAway);
        }
        cache.find(id, algorithm).ok_or(Denied::Token(
            "its key (kid) is none of its issuer's, or is for another algorithm",
        ))
    }

    fn is_fetch_due(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let cache = self.cache();
        let known = cache.find(id, algorithm).is_some();
        self.ages.is_fetch_due(&cache, known, Instant::now())
    }

    /// Fetches where that is due still once it is our turn: who was before us may have done it.
    async fn fetch_if(self: &Arc<Self>, is_due: impl Fn() -> bool) {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if is_due() {
            self.fetch_whoever_waits(turn).await;
        }
    }

    /// Fetches to the end, though whoever asked may go away: anybody can ask, and a fetch that ended with them would keep
    /// everybody from the next one for a pause.
    async fn fetch_whoever_waits(self: &Arc<Self>, turn: OwnedMutexGuard<()>) {
        let ours = Arc::clone(self);
        let fetch = tokio::spawn(async move {
            ours.fetch().await;
            drop(turn);
        });
        if let Err(error) = fetch.await {
            warn!(%error, "fetching the keys of tokens ended by a bug");
        }
    }

    async fn fetch(&self) {
        let tried = Some(Instant::now());
        self.cache().tried = tried;
        match self.fetched().await {
            Ok(keys) => {
                info!(keys = keys.len(), "fetched {} keys of tokens", keys.len());
                let fetched = tried;
                *self.cache() = Cache {
                    keys,
                    fetched,
                    tried,
                };
            }
            Err(problem) => warn!(problem, "the keys of tokens were not fetched: {problem}"),
        }
    }

    async fn fetched(&self) -> Result<Arc<[Named]>, String> {
        let answer = self.client.get(&self.url).send().await;
        let mut answer = answer.map_err(told)?;
        if answer.status() != http::StatusCode::OK {
            return Err(format!("the answer is {}", answer.status()));
        }
        let mut list = Vec::new();
        while let Some(bytes) = answer.chunk().await.map_err(told)? {
            list.extend_from_slice(&bytes);
            if list.len() > LIST_BYTES_MAX {
                return Err(format!("the list is longer than {LIST_BYTES_MAX} bytes"));
            }
        }
        read(&list)
    }

    /// No code of ours panics while it holds this.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the URL, which may hold a secret, and with the cause, which alone says something.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = error.source().map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

/// The keys of a list that are for us. One for something else is no mistake.
fn read(list: &[u8]) -> Result<Arc<[Named]>, String> {
    let set: JwkSet = serde_json::from_slice(list).map_err(|error| format!("no JWKS: {error}"))?;
    let ours = set.keys.into_iter().filter_map(|jwk| {
        let key = PublicKey::of_jwk(&jwk)?;
        Some(Named {
            id: jwk.common.key_id,
            key,
        })
    });
    let keys: Arc<[Named]> = ours.take(KEYS_MAX).collect();
    if keys.is_empty() {
        return Err("no key in it is for RS256, ES256 or EdDSA".to_owned());
    }
    Ok(keys)
}

impl Cache {
    /// An id names one key. Who names none means the only one.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<PublicKey> {
        let suits = |named: &&Named| {
            named.key.algorithm == algorithm && (id.is_none() || named.id.as_deref() == id)
        };
        let mut suiting = self.keys.iter().filter(suits);
        match (suiting.next(), suiting.next()) {
            (Some(named), None) => Some(named.key.clone()),
            _ => None,
        }
    }
}

impl Ages {
    /// Whether the URL has to be asked for a key that is `known`, or is not.
    fn is_fetch_due(&self, cache: &Cache, known: bool, now: Instant) -> bool {
        let is_younger = |than: Option<Instant>, age| than.is_some_and(|since| now - since < age);
        let is_good = known && is_younger(cache.fetched, self.refresh);
        let is_too_early = is_younger(cache.tried, self.pause);
        !is_good && !is_too_early
    }

    /// Whether keys may be used, were it only because there are no better ones.
    fn are_good(&self, cache: &Cache, now: Instant) -> bool {
        let fetched = cache.fetched;
        fetched.is_some_and(|fetched| now - fetched < self.stale_max)
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks")
            .field("ages", &self.ages)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
