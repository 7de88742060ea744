//! An identity provider's keys, fetched from its JWKS URL (RFC 7517) and kept.
//!
//! They are fetched before anybody asks, and again when they are old, so that a token with a known key never waits. A provider
//! changes its keys without a word to us. A token with a key that is not known is the sign, so the list is fetched then too, but
//! no more often than every so often: anybody can write an unknown key's name into a token. While the URL is away the keys that
//! are known stay good, for a time that is bounded, because a key that was taken back stays good as long.

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
    /// Keys that are so old are fetched again.
    pub(super) refresh: Duration,
    /// Between the end of a fetch and the next one.
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
    /// Held during a fetch: who needs its keys waits for them, all for the same, and nobody else does.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Cache {
    keys: Arc<[Named]>,
    /// When they were fetched, if ever.
    fetched: Option<Instant>,
    /// When a fetch last ended, whatever came of it. Measured from its beginning, a slow one would have used up the pause.
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

    /// Fetches the keys before anybody needs them, and again when they are old, for as long as it is polled. A provider that is
    /// away is asked again after every pause.
    pub(super) async fn keep_fresh(self: &Arc<Self>) {
        loop {
            self.fetch_or_share().await;
            let wait = self.ages.until_fetch(&self.cache(), Instant::now());
            sleep(wait).await;
        }
    }

    /// The key of that id, for that algorithm. Without an id, the one that suits. Nobody waits for a key that is known.
    pub(super) async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<PublicKey, Denied> {
        if let Ok(known) = self.known(id, algorithm) {
            return Ok(known);
        }
        self.fetch_or_share().await;
        self.known(id, algorithm)
    }

    fn known(&self, id: Option<&str>, algorithm: Algorithm) -> Result<PublicKey, Denied> {
        let cache = self.cache();
        if !self.ages.are_good(&cache, Instant::now()) {
            return Err(Denied::KeysAway);
        }
        cache.find(id, algorithm).ok_or(Denied::Token(
            "its key (kid) is none of its issuer's, or is for another algorithm",
        ))
    }

    /// Fetches, unless somebody did so while this waited for its turn, or not long ago.
    async fn fetch_or_share(self: &Arc<Self>) {
        let before = self.cache().tried;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let (is_shared, is_too_early) = {
            let cache = self.cache();
            let is_too_early = self.ages.is_too_early(&cache, Instant::now());
            (cache.tried != before, is_too_early)
        };
        if !is_shared && !is_too_early {
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
        let begun = Instant::now();
        match self.fetched().await {
            Ok(keys) => {
                info!(keys = keys.len(), "fetched {} keys of tokens", keys.len());
                let mut cache = self.cache();
                cache.keys = keys;
                cache.fetched = Some(begun);
            }
            Err(problem) => warn!(problem, "the keys of tokens were not fetched: {problem}"),
        }
        self.cache().tried = Some(Instant::now());
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
    /// How long keys do until they are fetched again, though nobody asks for one that is not among them.
    fn until_fetch(&self, cache: &Cache, now: Instant) -> Duration {
        let left = |since: Option<Instant>, age: Duration| {
            since.map_or(Duration::ZERO, |since| age.saturating_sub(now - since))
        };
        left(cache.fetched, self.refresh).max(left(cache.tried, self.pause))
    }

    /// Whether the URL was asked so short a time ago that it is not asked again, whoever asks for what.
    fn is_too_early(&self, cache: &Cache, now: Instant) -> bool {
        cache.tried.is_some_and(|tried| now - tried < self.pause)
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
