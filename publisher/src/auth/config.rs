//! What may be set about who may do what.

use std::{fmt, path::PathBuf, time::Duration};

use http::Uri;
use serde::{Deserialize, Serialize};

use super::{cors, hosts::Hosts, jwks::Ages, keys::Keys, links::Links};

/// The settings of access. All empty: whoever reaches the process may do everything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// API keys, each a `NAME:SCOPES:SHA256`, with white space between them. `nws key new` makes one.
    pub auth_keys: String,
    /// A file with more of them, a line each.
    pub auth_keys_file: PathBuf,
    /// Between two looks whether the files of keys have changed. 10 s: so long a key that was taken away stays good, and
    /// reading them takes less than a millisecond.
    pub auth_reload_secs: u64,
    /// A PEM file with the public key that tokens are signed with. Its kind decides the algorithm.
    pub auth_jwt_key_file: PathBuf,
    /// Where the keys that tokens are signed with are published, instead of the file.
    pub auth_jwks_url: String,
    /// Who makes the tokens: their `iss`.
    pub auth_jwt_issuer: String,
    /// Whom the tokens are for: one of their `aud`. A token for somebody else must not open this, so it has no default.
    pub auth_jwt_audience: String,
    /// Age at which the keys of [`Config::auth_jwks_url`] are fetched again. 5 min: so long a key that its provider took back
    /// stays good.
    pub auth_jwks_refresh_secs: u64,
    /// Time between two fetches, whatever tokens say. 10 s: anybody can name an unknown key.
    pub auth_jwks_pause_secs: u64,
    /// Age up to which keys are used while the URL is away. 24 h: longer than an outage, shorter than a theft goes unnoticed.
    pub auth_jwks_stale_max_secs: u64,
    /// Keys that image links are signed with, each an `ID:SECRET`, with white space between them. The first signs, all are
    /// good. `nws key link` makes one. Empty: links are not signed, and images need a credential.
    pub link_keys: String,
    /// How long a link is good. 24 h: as long as browsers keep the image.
    pub link_age_secs: u64,
    /// Origins whose pages may ask, with white space between them: `https://shop.example`.
    pub cors_origins: String,
    /// Names under which it answers where nobody has to say who they are, besides `localhost` and addresses, with white space
    /// between them: `shop.example`, or `shop.example:8443` for that port alone. Without them a page of somebody else could
    /// have its own name point here.
    pub allowed_hosts: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auth_keys: String::new(),
            auth_keys_file: PathBuf::new(),
            auth_reload_secs: 10,
            auth_jwt_key_file: PathBuf::new(),
            auth_jwks_url: String::new(),
            auth_jwt_issuer: String::new(),
            auth_jwt_audience: String::new(),
            auth_jwks_refresh_secs: 300,
            auth_jwks_pause_secs: 10,
            auth_jwks_stale_max_secs: 24 * 60 * 60,
            link_keys: String::new(),
            link_age_secs: 24 * 60 * 60,
            cors_origins: String::new(),
            allowed_hosts: String::new(),
        }
    }
}

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it. It never repeats a secret.
    pub problem: String,
}

/// The longest time that may be set: a year. A sum of far longer times and the clock would overflow.
const SECS_MAX: u64 = 365 * 24 * 60 * 60;

impl Config {
    /// Whether anybody has to say who they are.
    pub fn is_guarded(&self) -> bool {
        let files = [&self.auth_keys_file, &self.auth_jwt_key_file];
        let texts = [&self.auth_keys, &self.auth_jwks_url];
        files.iter().any(|file| !file.as_os_str().is_empty())
            || texts.iter().any(|text| !text.trim().is_empty())
    }

    /// Whether tokens are taken.
    fn takes_tokens(&self) -> bool {
        !self.auth_jwks_url.is_empty() || !self.auth_jwt_key_file.as_os_str().is_empty()
    }

    pub(super) const fn reload_pause(&self) -> Duration {
        Duration::from_secs(self.auth_reload_secs)
    }

    pub(super) const fn jwks_ages(&self) -> Ages {
        Ages {
            refresh: Duration::from_secs(self.auth_jwks_refresh_secs),
            pause: Duration::from_secs(self.auth_jwks_pause_secs),
            stale_max: Duration::from_secs(self.auth_jwks_stale_max_secs),
        }
    }

    /// Whether these settings can be meant. Files are not read yet.
    ///
    /// # Errors
    /// The first setting that cannot.
    pub fn check(&self) -> Result<(), ConfigError> {
        Keys::parse(&self.auth_keys).map_err(|error| invalid("auth_keys", error))?;
        self.check_times()?;
        self.check_tokens()?;
        Links::new(&self.link_keys, self.link_age_secs)
            .map_err(|error| invalid("link_keys", error))?;
        if !self.link_keys.trim().is_empty() && !self.is_guarded() {
            let problem =
                "is set, but images are open to everybody: set auth_keys or another auth_… too";
            return Err(invalid("link_keys", problem));
        }
        cors::origins(&self.cors_origins).map_err(|error| invalid("cors_origins", error))?;
        Hosts::parse(&self.allowed_hosts).map_err(|error| invalid("allowed_hosts", error))?;
        Ok(())
    }

    fn check_tokens(&self) -> Result<(), ConfigError> {
        let url = &self.auth_jwks_url;
        if !url.is_empty() {
            is_safe(url).map_err(|problem| invalid("auth_jwks_url", problem))?;
        }
        if !url.is_empty() && !self.auth_jwt_key_file.as_os_str().is_empty() {
            let problem = "is set, and auth_jwks_url too; keys come from one of them";
            return Err(invalid("auth_jwt_key_file", problem));
        }
        if url.is_empty() {
            self.check_fetches_are_not_set()?;
        } else {
            self.check_stale_keys()?;
        }
        self.check_claims()
    }

    /// A token is for somebody and from somebody, and neither helps without a key to check it with.
    fn check_claims(&self) -> Result<(), ConfigError> {
        let claims = [
            ("auth_jwt_issuer", &self.auth_jwt_issuer),
            ("auth_jwt_audience", &self.auth_jwt_audience),
        ];
        let takes_tokens = self.takes_tokens();
        match claims.iter().find(|it| it.1.is_empty() == takes_tokens) {
            None => Ok(()),
            Some((key, _)) if takes_tokens => Err(invalid(key, "is empty, but tokens are taken")),
            Some((key, _)) => {
                let problem = "is set, but no key that tokens are checked with: set auth_jwks_url or auth_jwt_key_file too";
                Err(invalid(key, problem))
            }
        }
    }

    /// Who sets how keys are fetched means them to be.
    fn check_fetches_are_not_set(&self) -> Result<(), ConfigError> {
        let usual = Self::default();
        let times = |it: &Self| {
            [
                ("auth_jwks_refresh_secs", it.auth_jwks_refresh_secs),
                ("auth_jwks_pause_secs", it.auth_jwks_pause_secs),
                ("auth_jwks_stale_max_secs", it.auth_jwks_stale_max_secs),
            ]
        };
        let mut pairs = times(self).into_iter().zip(times(&usual));
        match pairs.find(|(set, usual)| set != usual) {
            Some(((key, _), _)) => Err(invalid(key, "is set, but auth_jwks_url is not")),
            None => Ok(()),
        }
    }

    /// Keys that are refused before others are fetched would keep good tokens out every now and then.
    fn check_stale_keys(&self) -> Result<(), ConfigError> {
        let stale_max = self.auth_jwks_stale_max_secs;
        let longer = [
            ("auth_jwks_refresh_secs", self.auth_jwks_refresh_secs),
            ("auth_jwks_pause_secs", self.auth_jwks_pause_secs),
        ];
        match longer.iter().find(|(_, secs)| *secs > stale_max) {
            Some((key, secs)) => {
                let problem = format!(
                    "{stale_max} is less than {key} = {secs}: known keys would be refused before others are fetched"
                );
                Err(invalid("auth_jwks_stale_max_secs", problem))
            }
            None => Ok(()),
        }
    }

    fn check_times(&self) -> Result<(), ConfigError> {
        let times = [
            ("auth_reload_secs", self.auth_reload_secs),
            ("auth_jwks_refresh_secs", self.auth_jwks_refresh_secs),
            ("auth_jwks_pause_secs", self.auth_jwks_pause_secs),
            ("auth_jwks_stale_max_secs", self.auth_jwks_stale_max_secs),
            ("link_age_secs", self.link_age_secs),
        ];
        match times
            .iter()
            .find(|(_, secs)| !(1..=SECS_MAX).contains(secs))
        {
            Some((key, secs)) => {
                let problem = format!("{secs} is out of range, 1 to {SECS_MAX} is allowed");
                Err(invalid(key, problem))
            }
            None => Ok(()),
        }
    }
}

/// Whoever can change the list on its way can sign tokens, so it comes by TLS, or from this machine.
fn is_safe(url: &str) -> Result<(), String> {
    let parsed: Uri = url.parse().map_err(|error| format!("no URL: {error}"))?;
    let is_here = matches!(parsed.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match parsed.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_here => Ok(()),
        _ => Err("https:// is needed, or http:// on this machine".to_owned()),
    }
}

pub(super) fn invalid(key: &'static str, problem: impl fmt::Display) -> ConfigError {
    ConfigError {
        key,
        problem: problem.to_string(),
    }
}

/// Without secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("guarded", &self.is_guarded())
            .field("auth_jwt_issuer", &self.auth_jwt_issuer)
            .field("auth_jwt_audience", &self.auth_jwt_audience)
            .field("cors_origins", &self.cors_origins)
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config
            .check()
            .map_or_else(|error| error.to_string(), |()| "none".to_owned())
    }

    fn tokens(config: &mut Config) {
        config.auth_jwks_url = "https://id.example/jwks".to_owned();
        config.auth_jwt_issuer = "https://id.example/".to_owned();
        config.auth_jwt_audience = "nws".to_owned();
    }

    #[test]
    fn the_defaults_guard_nothing_and_whole_settings_are_taken() {
        assert!(!Config::default().is_guarded());
        assert_eq!(refused(|_| {}), "none");
        assert_eq!(refused(tokens), "none");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        type Change = fn(&mut Config);
        let cases: [(&str, Change); 17] = [
            ("auth_keys: ", |it| it.auth_keys = "web".to_owned()),
            ("auth_jwt_audience: is empty", |it| {
                tokens(it);
                it.auth_jwt_audience.clear();
            }),
            ("auth_jwt_issuer: is empty", |it| {
                it.auth_jwt_key_file = "key.pem".into();
            }),
            ("auth_jwt_key_file: ", |it| {
                tokens(it);
                it.auth_jwt_key_file = "key.pem".into();
            }),
            ("auth_jwks_url: https:// is needed", |it| {
                tokens(it);
                it.auth_jwks_url = "http://id.example/jwks".to_owned();
            }),
            ("auth_jwks_pause_secs: 0 is", |it| {
                it.auth_jwks_pause_secs = 0;
            }),
            (
                "auth_jwks_stale_max_secs: 60 is less than auth_jwks_refresh_secs = 300",
                |it| {
                    tokens(it);
                    it.auth_jwks_stale_max_secs = 60;
                },
            ),
            (
                "auth_jwks_stale_max_secs: 600 is less than auth_jwks_pause_secs = 3600",
                |it| {
                    tokens(it);
                    it.auth_jwks_stale_max_secs = 600;
                    it.auth_jwks_pause_secs = 3600;
                },
            ),
            ("auth_jwt_issuer: is set, but no key", |it| {
                tokens(it);
                it.auth_jwks_url.clear();
            }),
            ("auth_jwt_audience: is set, but no key", |it| {
                it.auth_keys_file = "keys".into();
                it.auth_jwt_audience = "nws".to_owned();
            }),
            (
                "auth_jwks_refresh_secs: is set, but auth_jwks_url is not",
                |it| it.auth_jwks_refresh_secs = 60,
            ),
            (
                "auth_jwks_pause_secs: is set, but auth_jwks_url is not",
                |it| {
                    tokens(it);
                    it.auth_jwks_url.clear();
                    it.auth_jwt_key_file = "key.pem".into();
                    it.auth_jwks_pause_secs = 60;
                },
            ),
            ("auth_reload_secs: 0 is", |it| it.auth_reload_secs = 0),
            ("link_keys: ", |it| it.link_keys = "hush".to_owned()),
            ("link_age_secs: ", |it| it.link_age_secs = u64::MAX),
            ("cors_origins: ", |it| it.cors_origins = "*".to_owned()),
            ("allowed_hosts: \"*\"", |it| {
                it.allowed_hosts = "*".to_owned();
            }),
        ];
        for (expected, change) in cases {
            let error = refused(change);
            assert!(error.starts_with(expected), "{expected}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
