//! Whose credentials are believed. It changes while we run: a provider has other keys, a file is written anew.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use schemas::Digest;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tracing::{error, info, warn};

use super::{
    caller::Caller,
    config::{Config, ConfigError, invalid},
    credential::Credential,
    denied::Denied,
    files::{Contents, Files},
    jwks::Jwks,
    keys::Keys,
    token::{TokenKeys, Tokens},
};

/// Whose credentials are believed, and where that stands.
#[derive(Debug)]
pub(super) struct Trust {
    believed: RwLock<Arc<Believed>>,
    /// The keys of the settings, which stay as they are.
    keys: Keys,
    files: Files,
    /// What was read of the files at the start.
    read: Digest,
    reload: Duration,
    jwks: Option<Arc<Jwks>>,
    issuer: String,
    audience: String,
}

/// One state of it.
#[derive(Debug, Default)]
struct Believed {
    keys: Keys,
    tokens: Option<Tokens>,
}

impl Trust {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// The first setting that cannot be meant, or whose file cannot be read.
    pub(super) fn open(config: &Config) -> Result<Self, ConfigError> {
        let keys = Keys::parse(&config.auth_keys).map_err(|error| invalid("auth_keys", error))?;
        let files = Files::of(config);
        let contents = files.read()?;
        let trust = Self {
            believed: RwLock::default(),
            keys,
            files,
            read: contents.digest,
            reload: config.reload_pause(),
            jwks: jwks(config)?,
            issuer: config.auth_jwt_issuer.clone(),
            audience: config.auth_jwt_audience.clone(),
        };
        let keys = trust.believe(contents)?;
        if keys == 0 && !trust.takes_tokens() && config.is_guarded() {
            let problem = "there is no key in it, and nothing else lets anybody in";
            return Err(invalid(setting_of_keys(config), problem));
        }
        Ok(trust)
    }

    fn takes_tokens(&self) -> bool {
        self.believed().tokens.is_some()
    }

    fn believed(&self) -> Arc<Believed> {
        let believed = self.believed.read();
        Arc::clone(&believed.unwrap_or_else(PoisonError::into_inner))
    }

    /// Who brings this.
    pub(super) async fn caller(&self, credential: Credential<'_>) -> Result<Caller, Denied> {
        let believed = self.believed();
        match (credential, &believed.tokens) {
            (Credential::Key(key), _) => believed.keys.caller(key).ok_or(Denied::UnknownKey),
            (Credential::Token(token), Some(tokens)) => tokens.caller(token).await,
            (Credential::Token(_), None) => Err(Denied::UnknownKey),
        }
    }

    /// Fetches the keys of a provider before anybody asks, and believes what files become, for as long as it is polled.
    pub(super) async fn refresh(&self) {
        let fetching = async {
            if let Some(jwks) = &self.jwks {
                jwks.keep_fresh().await;
            }
        };
        let following = async {
            if let Err(error) = self.follow().await {
                error!(%error, "changed files of keys are not noticed: {error}");
            }
        };
        tokio::join!(fetching, following);
    }

    async fn follow(&self) -> io::Result<()> {
        if self.files.are_none() {
            return Ok(());
        }
        let mut hangups = signal(SignalKind::hangup())?;
        let mut seen = self.read;
        loop {
            tokio::select! {
                () = sleep(self.reload) => {}
                _ = hangups.recv() => info!("told to read the files of keys again"),
            }
            self.look(&mut seen);
        }
    }

    /// What cannot be believed is told once, and changes nothing. A file without a key can be: whoever empties it takes the last
    /// ones away, and what asked for a credential goes on to ask.
    fn look(&self, seen: &mut Digest) {
        let read = self.files.read();
        let now = match &read {
            Ok(contents) => contents.digest,
            Err(error) => Digest::of(error.to_string().as_bytes()),
        };
        if now == *seen {
            return;
        }
        *seen = now;
        match read.and_then(|contents| self.believe(contents)) {
            Ok(0) => warn!("the files of keys have changed: no API key counts from now on"),
            Ok(keys) => info!(
                keys,
                "the files of keys have changed: {keys} API keys count from now on"
            ),
            Err(error) => error!(%error, "the keys before count on: {error}"),
        }
    }

    /// Tells how many API keys there are then.
    fn believe(&self, contents: Contents) -> Result<usize, ConfigError> {
        let keys = self.keys.clone().and(contents.keys);
        let keys = keys.map_err(|error| invalid("auth_keys_file", error))?;
        let token_keys = match (&self.jwks, contents.token_key) {
            (Some(jwks), _) => Some(TokenKeys::Fetched(Arc::clone(jwks))),
            (None, key) => key.map(TokenKeys::One),
        };
        let tokens = token_keys.map(|keys| Tokens {
            keys,
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
        });
        let mut believed = self
            .believed
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let count = keys.count();
        *believed = Arc::new(Believed { keys, tokens });
        Ok(count)
    }
}

const fn setting_of_keys(config: &Config) -> &'static str {
    if config.auth_keys.is_empty() {
        "auth_keys_file"
    } else {
        "auth_keys"
    }
}

fn jwks(config: &Config) -> Result<Option<Arc<Jwks>>, ConfigError> {
    if config.auth_jwks_url.is_empty() {
        return Ok(None);
    }
    let jwks = Jwks::new(config.auth_jwks_url.clone(), config.jwks_ages());
    let jwks = jwks.map_err(|error| invalid("auth_jwks_url", error))?;
    Ok(Some(Arc::new(jwks)))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use tempfile::TempDir;

    use super::{super::keys::NewKey, *};

    fn line(seed: u8) -> String {
        let entry = NewKey::new([seed; 32]).entry("ada", "read".parse().unwrap());
        entry.unwrap().to_string()
    }

    fn file(folder: &TempDir, text: &str) -> PathBuf {
        let file = folder.path().join("keys");
        fs::write(&file, text).unwrap();
        file
    }

    async fn lets_in(trust: &Trust, seed: u8) -> bool {
        let key = NewKey::new([seed; 32]);
        trust.caller(Credential::Key(key.reveal())).await.is_ok()
    }

    #[tokio::test]
    async fn a_key_that_was_taken_away_opens_nothing_any_more() {
        let folder = TempDir::new().unwrap();
        let trust = Trust::open(&Config {
            auth_keys: line(1),
            auth_keys_file: file(&folder, &format!("{}\n{}", line(2), line(3))),
            ..Config::default()
        });
        let trust = trust.unwrap();
        let mut seen = trust.read;
        file(&folder, &format!("{}\n{}", line(3), line(4)));
        assert!(lets_in(&trust, 2).await, "nobody has looked");
        trust.look(&mut seen);
        assert!(!lets_in(&trust, 2).await);
        for seed in [1, 3, 4] {
            assert!(lets_in(&trust, seed).await, "{seed}");
        }
    }

    #[tokio::test]
    async fn the_last_key_is_taken_away_by_emptying_its_file() {
        let folder = TempDir::new().unwrap();
        let config = Config {
            auth_keys_file: file(&folder, &line(1)),
            ..Config::default()
        };
        let trust = Trust::open(&config).unwrap();
        let mut seen = trust.read;
        file(&folder, "# none\n");
        trust.look(&mut seen);
        assert!(!lets_in(&trust, 1).await);
        assert!(config.is_guarded());

        let told = Trust::open(&config).unwrap_err().to_string();
        assert!(
            told.starts_with("auth_keys_file: there is no key"),
            "{told}"
        );
        let beside = Config {
            auth_keys: line(2),
            ..config
        };
        assert!(lets_in(&Trust::open(&beside).unwrap(), 2).await);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_meant_changes_nothing_until_it_is_mended() {
        let folder = TempDir::new().unwrap();
        let trust = Trust::open(&Config {
            auth_keys_file: file(&folder, &line(1)),
            ..Config::default()
        });
        let trust = trust.unwrap();
        let mut seen = trust.read;
        for broken in ["\n\nada:read", &format!("{0}\n{0}", line(2))] {
            let path = file(&folder, broken);
            let told = trust.files.read().unwrap_err().to_string();
            assert!(told.contains(path.to_str().unwrap()), "{told}");
            trust.look(&mut seen);
            assert!(lets_in(&trust, 1).await, "{broken:?}");
        }
        file(&folder, "\n# ours\nada:read");
        let told = trust.files.read().unwrap_err().to_string();
        assert!(told.contains(": line 3: \"ada:read\""), "{told}");
        file(&folder, &format!("{0}\n# again\n{0}", line(2)));
        let told = trust.files.read().unwrap_err().to_string();
        assert!(told.contains(": line 3: the key ada"), "{told}");
        fs::remove_file(folder.path().join("keys")).unwrap();
        trust.look(&mut seen);
        assert!(lets_in(&trust, 1).await);
        file(&folder, &line(2));
        trust.look(&mut seen);
        assert!(!lets_in(&trust, 1).await && lets_in(&trust, 2).await);
    }
}
