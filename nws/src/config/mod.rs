//! What can be set, from where: flags > environment `NWS_*` > `nws.toml` > defaults.
//!
//! Each crate owns its `Config` with defaults and units; here they become one flat list of keys. A key `worker_slots`
//! is `NWS_WORKER_SLOTS` in the environment and `worker_slots = …` in the file. Read in this order: [`sources`] reads
//! the four and lays them over each other, [`check`] looks at what came of it, [`effective`] shows it.

mod check;
mod common;
mod effective;
mod sources;

use std::{net::SocketAddr, path::Path, sync::Arc};

use backends::objects::MemoryConfig;

use common::ImageLimits;
use publisher::auth::{self, Access};

pub(crate) use common::Common;
pub(crate) use effective::Effective;
pub(crate) use sources::Flag;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) common: Common,
    pub(crate) limits: engine::Limits,
    pub(crate) memory: MemoryConfig,
    pub(crate) publisher: publisher::Config,
    pub(crate) auth: auth::Config,
    pub(crate) fairness: publisher::fairness::Config,
    pub(crate) transport: publisher::TransportConfig,
    pub(crate) webhooks: publisher::webhooks::Config,
    pub(crate) workers: workers::Config,
    /// Every key as it is in force, and where that comes from, without secrets.
    pub(crate) effective: Vec<Effective>,
}

/// A setting that is wrong or missing. The process says so and exits with 64 (`EX_USAGE`).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(transparent)]
    Source(#[from] config::ConfigError),
    #[error("{file}: there is no setting `{key}`; `nws config` lists them")]
    UnknownKey { file: String, key: String },
    #[error(
        "{origin}: the setting `{before}` is gone, `{now}` takes its place; docs/configuration.md tells what it means"
    )]
    Replaced {
        origin: String,
        before: &'static str,
        now: &'static str,
    },
    #[error("--set {0:?}: KEY=VALUE is expected")]
    NoValue(String),
    #[error("{role} needs {missing}; set them in the environment, in nws.toml or with --set")]
    Missing { role: &'static str, missing: String },
    #[error("{key}: {problem}")]
    Invalid { key: &'static str, problem: String },
    #[error(
        "listen = {0} can be reached from other machines, and nobody has to say who they are. Set auth_keys (`nws key new` \
         makes one) or take tokens (auth_jwks_url), listen on 127.0.0.1, or say --insecure-public \
         (NWS_INSECURE_PUBLIC=true) where something else keeps strangers out"
    )]
    InsecurePublic(SocketAddr),
}

impl ConfigError {
    fn of_access(auth::ConfigError { key, problem }: auth::ConfigError) -> Self {
        Self::Invalid { key, problem }
    }
}

impl Settings {
    /// Reads every source. `flags` win over the rest.
    ///
    /// # Errors
    /// When a source cannot be read, names a key that does not exist, or holds a value of another kind or out of range.
    pub(crate) fn load(file: Option<&Path>, flags: &[Flag]) -> Result<Self, ConfigError> {
        let sources = sources::read(file, flags)?;
        let limits: ImageLimits = sources.part()?;
        let settings = Self {
            common: sources.part()?,
            memory: sources.part()?,
            publisher: sources.part()?,
            auth: sources.part()?,
            fairness: sources.part()?,
            transport: sources.part()?,
            webhooks: sources.part()?,
            workers: sources.part()?,
            limits: limits.into(),
            effective: effective::of(&sources),
        };
        check::check(&settings)?;
        Ok(settings)
    }

    /// The missing settings of a role that has no embedded backends.
    pub(crate) fn require_fleet(&self, role: &'static str) -> Result<(), ConfigError> {
        let common = &self.common;
        let needed = [
            ("NWS_AMQP_URL", &common.amqp_url),
            ("NWS_REDIS_URL", &common.redis_url),
            ("NWS_S3_ENDPOINT", &common.s3_endpoint),
        ];
        let missing: Vec<&str> = needed
            .iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(key, _)| *key)
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Missing {
                role,
                missing: missing.join(", "),
            })
        }
    }

    /// Whether strangers are kept out: by loopback, by what they have to bring, or by someone who says that something else
    /// does.
    pub(crate) fn require_private(&self) -> Result<(), ConfigError> {
        let listen = self.common.listen;
        let is_private = listen.ip().to_canonical().is_loopback() || self.auth.is_guarded();
        if is_private || self.common.insecure_public {
            return Ok(());
        }
        Err(ConfigError::InsecurePublic(listen))
    }

    /// Who is let in. Now the files are read that say so. Where something else keeps strangers out, it answers under any name,
    /// unless there is a list of them.
    pub(crate) fn access(&self) -> Result<Arc<Access>, ConfigError> {
        let access = Access::open(&self.auth).map_err(ConfigError::of_access)?;
        let lists_names = !self.auth.allowed_hosts.trim().is_empty();
        Ok(Arc::new(if self.common.insecure_public && !lists_names {
            access.under_any_name()
        } else {
            access
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(flags: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let flags: Vec<_> = flags
            .iter()
            .map(|(key, value)| Flag::new("--set", key, value))
            .collect();
        Settings::load(None, &flags)
    }

    #[test]
    fn a_file_with_an_unknown_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nws.toml");
        std::fs::write(&file, "listn = \"127.0.0.1:3000\"\n").unwrap();
        let error = Settings::load(Some(&file), &[]).unwrap_err().to_string();
        assert!(error.contains("listn"), "{error}");
    }

    #[test]
    fn a_setting_that_is_gone_names_what_takes_its_place() {
        let error = with(&[("upload_timeout_secs", "60")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("`upload_bytes_per_sec_min`"), "{error}");
    }

    #[test]
    fn flags_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nws.toml");
        std::fs::write(&file, "worker_slots = 3\ngrace_secs = 7\n").unwrap();
        let flags = [Flag::new("--set", "worker_slots", "5")];
        let settings = Settings::load(Some(&file), &flags).unwrap();
        assert_eq!(
            (settings.workers.worker_slots, settings.workers.grace_secs),
            (5, 7)
        );
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (key, value) in [
            ("worker_slots", "many"),
            ("listen", "everywhere"),
            ("log_format", "xml"),
            ("namespace", "a b"),
        ] {
            let error = with(&[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(key) || error.contains(value), "{error}");
        }
    }

    #[test]
    fn a_role_of_the_fleet_names_what_it_misses() {
        let error = with(&[("redis_url", "redis://x")])
            .unwrap()
            .require_fleet("nws worker")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("NWS_AMQP_URL, NWS_S3_ENDPOINT") && !error.contains("REDIS"),
            "{error}"
        );
    }

    #[test]
    fn strangers_are_let_in_only_on_purpose() {
        assert!(with(&[]).unwrap().require_private().is_ok());
        for here in ["[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
            let settings = with(&[("listen", here)]).unwrap();
            assert!(settings.require_private().is_ok(), "{here}");
        }
        assert!(
            with(&[("listen", "0.0.0.0:3000")])
                .unwrap()
                .require_private()
                .is_err()
        );
        assert!(
            with(&[("listen", "0.0.0.0:3000"), ("insecure_public", "true")])
                .unwrap()
                .require_private()
                .is_ok()
        );
    }

    #[test]
    fn every_setting_is_documented() {
        let document = include_str!("../../../docs/configuration.md");
        for Effective { key, .. } in with(&[]).unwrap().effective {
            assert!(
                document.contains(&format!("`{key}`")),
                "{key} is missing in docs/configuration.md"
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let s3 = [
            ("s3_endpoint", "http://user:hush@s3"),
            ("s3_access_key", "key"),
            ("s3_secret_key", "hush"),
            ("redis_url", "redis://:hush@r"),
            ("redis_cache_url", "redis://:hush@r"),
        ];
        let settings = with(&s3).unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(shown.contains("user:[redacted]@s3"), "{shown}");
    }

    #[test]
    fn a_value_out_of_range_is_refused_by_name() {
        for (key, value) in [
            ("worker_slots", "0"),
            ("worker_slots", "1025"),
            ("job_deadline_secs", "0"),
            ("image_pixels_max", "0"),
            ("image_side_max", "0"),
            ("image_decoded_bytes_max", "0"),
            ("image_frames_max", "0"),
            ("image_animation_pixels_max", "0"),
            ("memory_cache_age_max_secs", "0"),
            ("memory_cache_age_max_secs", "86401"),
        ] {
            let error = with(&[(key, value)]).unwrap_err().to_string();
            let expected = format!("{key}: {value}");
            assert!(error.starts_with(&expected), "{error}");
        }
        with(&[("worker_slots", "1024")]).unwrap();
    }

    #[test]
    fn a_redis_is_a_server_or_a_cluster_and_anything_else_is_refused_by_name() {
        for url in [
            "redis://a",
            "redis+cluster://a:1,b:2",
            "redis://a,redis://b",
        ] {
            with(&[("redis_url", url)]).unwrap();
        }
        for url in [
            "a:6379",
            "redis+cluster://",
            "redis+cluster://a/3",
            "http://a",
        ] {
            for key in ["redis_url", "redis_cache_url"] {
                let error = with(&[(key, url)]).unwrap_err().to_string();
                assert!(error.starts_with(&format!("{key}: ")), "{url}: {error}");
            }
        }
    }

    #[test]
    fn an_address_that_is_none_is_told_what_one_looks_like() {
        let error = with(&[("listen", "localhost:4805")])
            .unwrap_err()
            .to_string();
        for part in ["localhost:4805", "IP:PORT", "listen"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
