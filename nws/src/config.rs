//! What can be set, from where: flags > environment `NWS_*` > `nws.toml` > defaults.
//!
//! Each crate owns its `Config` with defaults and units; here they become one flat list of keys. A key `worker_slots`
//! is `NWS_WORKER_SLOTS` in the environment and `worker_slots = …` in the file.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use backends::queue::rabbitmq::Namespace;
use config::{Environment, File, FileFormat, Value, ValueKind};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The file that is read when no other is named, if it is there.
const FILE_DEFAULT: &str = "nws.toml";
const REDACTED: &str = "[redacted]";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) common: Common,
    pub(crate) limits: engine::Limits,
    pub(crate) publisher: publisher::Config,
    pub(crate) workers: workers::Config,
    /// Every key with its effective value and where it came from, secrets redacted.
    pub(crate) effective: BTreeMap<String, (Value, String)>,
}

/// What is set about the process as a whole.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Common {
    /// Where HTTP is served.
    pub(crate) listen: SocketAddr,
    /// The folder of the embedded backends, and of uploads on their way.
    pub(crate) data: PathBuf,
    /// Listen beyond loopback although nobody has to say who they are.
    pub(crate) insecure_public: bool,
    /// Which log lines are written, as `RUST_LOG` has it.
    pub(crate) log: String,
    /// `json`, `text`, or empty: text on a terminal, else JSON.
    pub(crate) log_format: String,
    /// What the names of this fleet begin with on a broker and a Redis that it shares with others.
    pub(crate) namespace: String,
    /// RabbitMQ, one URL or several of a cluster separated by commas. Empty: the embedded queue.
    pub(crate) amqp_url: String,
    /// Redis. Empty: the embedded results.
    pub(crate) redis_url: String,
    /// S3. Empty: files.
    pub(crate) s3_endpoint: String,
    pub(crate) s3_bucket: String,
    pub(crate) s3_region: String,
    pub(crate) s3_access_key: String,
    pub(crate) s3_secret_key: String,
}

/// The engine's limits as keys.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
struct ImageLimits {
    image_pixels_max: u64,
    image_side_max: u32,
    image_decoded_bytes_max: u64,
}

/// A setting that is wrong or missing. The process says so and exits with 64 (`EX_USAGE`).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(transparent)]
    Source(#[from] config::ConfigError),
    #[error("{file}: there is no setting `{key}`; `nws config` lists them")]
    UnknownKey { file: String, key: String },
    #[error("--set {0:?}: KEY=VALUE is expected")]
    NoValue(String),
    #[error("{role} needs {missing}; set them in the environment, in nws.toml or with --set")]
    Missing { role: &'static str, missing: String },
    #[error("{key}: {problem}")]
    Invalid { key: &'static str, problem: String },
    #[error(
        "listen = {0} can be reached from other machines, and nobody has to say who they are yet. Listen on 127.0.0.1, \
         or say --insecure-public (NWS_INSECURE_PUBLIC=true) where something else keeps strangers out"
    )]
    InsecurePublic(SocketAddr),
}

impl Settings {
    /// Reads every source. `flags` win over the rest.
    ///
    /// # Errors
    /// When a source cannot be read, names a key that does not exist, or holds a value of another kind.
    pub(crate) fn load(
        file: Option<&Path>,
        flags: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let defaults = defaults()?;
        let known = defaults
            .clone()
            .try_deserialize::<BTreeMap<String, Value>>()?;
        let from_file = read_file(file, &known)?;
        let mut builder = config::Config::builder()
            .add_source(defaults)
            .add_source(from_file);
        builder = builder.add_source(Environment::with_prefix("NWS").prefix_separator("_"));
        for (key, value) in flags {
            check_known("--set", key, &known)?;
            builder = builder.set_override(key, value.as_str())?;
        }
        Self::from_sources(builder.build()?, &known)
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

    /// Whether strangers are kept out: by loopback, or by someone who says that something else does.
    pub(crate) fn require_private(&self) -> Result<(), ConfigError> {
        let listen = self.common.listen;
        if listen.ip().is_loopback() || self.common.insecure_public {
            return Ok(());
        }
        Err(ConfigError::InsecurePublic(listen))
    }

    fn from_sources(
        built: config::Config,
        known: &BTreeMap<String, Value>,
    ) -> Result<Self, ConfigError> {
        let common: Common = part(&built)?;
        let limits: ImageLimits = part(&built)?;
        let settings = Self {
            publisher: part(&built)?,
            workers: part(&built)?,
            limits: limits.into(),
            effective: effective(built, known)?,
            common,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let common = &self.common;
        if !matches!(common.log_format.as_str(), "" | "json" | "text") {
            let problem = format!("{:?} is neither json nor text", common.log_format);
            return Err(ConfigError::Invalid {
                key: "log_format",
                problem,
            });
        }
        if self.workers.worker_slots == 0 {
            return Err(ConfigError::Invalid {
                key: "worker_slots",
                problem: "0, at least 1 is needed".to_owned(),
            });
        }
        if let Err(error) = common.namespace.parse::<Namespace>() {
            return Err(ConfigError::Invalid {
                key: "namespace",
                problem: error.to_string(),
            });
        }
        let s3 = [
            ("s3_bucket", &common.s3_bucket),
            ("s3_access_key", &common.s3_access_key),
            ("s3_secret_key", &common.s3_secret_key),
        ];
        match s3.iter().find(|(_, value)| value.is_empty()) {
            Some((key, _)) if !common.s3_endpoint.is_empty() => Err(ConfigError::Invalid {
                key,
                problem: "is empty, but s3_endpoint is set".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Splits the `KEY=VALUE` of a `--set` flag.
pub(crate) fn key_and_value(flag: &str) -> Result<(String, String), ConfigError> {
    let (key, value) = flag
        .split_once('=')
        .ok_or_else(|| ConfigError::NoValue(flag.to_owned()))?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Every crate's defaults as one list of keys.
fn defaults() -> Result<config::Config, ConfigError> {
    let defaults = config::Config::builder()
        .add_source(config::Config::try_from(&Common::default())?)
        .add_source(config::Config::try_from(&ImageLimits::default())?)
        .add_source(config::Config::try_from(&publisher::Config::default())?)
        .add_source(config::Config::try_from(&workers::Config::default())?);
    Ok(defaults.build()?)
}

fn read_file(
    named: Option<&Path>,
    known: &BTreeMap<String, Value>,
) -> Result<config::Config, ConfigError> {
    let path = named.unwrap_or(Path::new(FILE_DEFAULT));
    let source = File::from(path.to_owned())
        .format(FileFormat::Toml)
        .required(named.is_some());
    let read = config::Config::builder().add_source(source).build()?;
    for key in read
        .clone()
        .try_deserialize::<BTreeMap<String, Value>>()?
        .keys()
    {
        check_known(&path.display().to_string(), key, known)?;
    }
    Ok(read)
}

fn check_known(file: &str, key: &str, known: &BTreeMap<String, Value>) -> Result<(), ConfigError> {
    if known.contains_key(key) {
        return Ok(());
    }
    Err(ConfigError::UnknownKey {
        file: file.to_owned(),
        key: key.to_owned(),
    })
}

fn part<T: DeserializeOwned>(built: &config::Config) -> Result<T, ConfigError> {
    Ok(built.clone().try_deserialize()?)
}

/// Every known key's value and origin, fit to be shown.
fn effective(
    built: config::Config,
    known: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, (Value, String)>, ConfigError> {
    let values = built.try_deserialize::<BTreeMap<String, Value>>()?;
    let shown = values.into_iter().filter_map(|(key, value)| {
        let kind = &known.get(&key)?.kind;
        let origin = value.origin().unwrap_or("default").to_owned();
        Some((key.clone(), (presentable(&key, value, kind), origin)))
    });
    Ok(shown.collect())
}

/// The value in its default's kind, without secrets.
fn presentable(key: &str, value: Value, kind: &ValueKind) -> Value {
    let as_default = match kind {
        ValueKind::I64(_) | ValueKind::U64(_) => value.clone().into_int().map(Value::from),
        ValueKind::Boolean(_) => value.clone().into_bool().map(Value::from),
        _ => Ok(value.clone()),
    };
    let value = as_default.unwrap_or(value);
    match value.kind {
        ValueKind::String(text) if key == "s3_secret_key" && !text.is_empty() => REDACTED.into(),
        ValueKind::String(text) if key.ends_with("_url") => without_passwords(&text).into(),
        kind => Value::new(None, kind),
    }
}

/// A list of URLs, each without its password.
pub(crate) fn without_passwords(urls: &str) -> String {
    urls.split(',')
        .map(without_password)
        .collect::<Vec<_>>()
        .join(",")
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // The password may hold an @ or a slash that was not escaped; the host may not.
    match rest
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
    {
        Some((user, host)) => format!("{scheme}://{user}:{REDACTED}@{host}"),
        None => url.to_owned(),
    }
}

impl Default for Common {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data: PathBuf::from("nws-data"),
            insecure_public: false,
            log: "info".to_owned(),
            log_format: String::new(),
            namespace: "nws".to_owned(),
            amqp_url: String::new(),
            redis_url: String::new(),
            s3_endpoint: String::new(),
            s3_bucket: "nws".to_owned(),
            s3_region: "us-east-1".to_owned(),
            s3_access_key: String::new(),
            s3_secret_key: String::new(),
        }
    }
}

/// Without secrets: this is what a log line would show.
impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("amqp_url", &without_passwords(&self.amqp_url))
            .field("redis_url", &without_passwords(&self.redis_url))
            .field("s3_endpoint", &self.s3_endpoint)
            .finish_non_exhaustive()
    }
}

impl Default for ImageLimits {
    fn default() -> Self {
        let engine::Limits {
            pixels_max,
            side_max,
            decoded_bytes_max,
        } = engine::Limits::default();
        Self {
            image_pixels_max: pixels_max,
            image_side_max: side_max,
            image_decoded_bytes_max: decoded_bytes_max,
        }
    }
}

impl From<ImageLimits> for engine::Limits {
    fn from(limits: ImageLimits) -> Self {
        Self {
            pixels_max: limits.image_pixels_max,
            side_max: limits.image_side_max,
            decoded_bytes_max: limits.image_decoded_bytes_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(flags: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let flags: Vec<_> = flags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
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
    fn flags_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nws.toml");
        std::fs::write(&file, "worker_slots = 3\ngrace_secs = 7\n").unwrap();
        let flags = [("worker_slots".to_owned(), "5".to_owned())];
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
        let document = include_str!("../../docs/configuration.md");
        for key in with(&[]).unwrap().effective.keys() {
            assert!(
                document.contains(&format!("`{key}`")),
                "{key} is missing in docs/configuration.md"
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(
            without_passwords("amqp://u:p@a/%2f,amqp://b"),
            "amqp://u:[redacted]@a/%2f,amqp://b"
        );
        let s3 = [
            ("s3_endpoint", "http://s3"),
            ("s3_access_key", "key"),
            ("s3_secret_key", "hush"),
            ("redis_url", "redis://:hush@r"),
        ];
        let settings = with(&s3).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
