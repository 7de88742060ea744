//! Where values come from, and which one counts.

use std::{collections::BTreeMap, path::Path};

use backends::objects::MemoryConfig;
use config::{Environment, File, FileFormat, Source as _, Value};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    ConfigError,
    common::{Common, ImageLimits},
};

/// The file that is read when no other is named, if it is there.
const FILE_DEFAULT: &str = "nws.toml";
const PREFIX: &str = "NWS_";
/// Settings that there were, and what takes their place: whoever relied on one is told at the start, wherever it is set.
const REPLACED: [(&str, &str); 1] = [("upload_timeout_secs", "upload_bytes_per_sec_min")];

/// A setting on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// How it was called there: `--set`, `--listen`.
    name: &'static str,
    key: String,
    value: String,
}

impl Flag {
    /// The `KEY=VALUE` of a `--set`.
    ///
    /// # Errors
    /// When there is no `=`.
    pub(crate) fn set(flag: &str) -> Result<Self, ConfigError> {
        let (key, value) = flag
            .split_once('=')
            .ok_or_else(|| ConfigError::NoValue(flag.to_owned()))?;
        Ok(Self::new("--set", key.trim(), value))
    }

    /// A flag of its own for one setting.
    pub(crate) fn new(name: &'static str, key: &str, value: &str) -> Self {
        Self {
            name,
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }
}

/// Keys and values; a value knows the source that it came from, except where it is a default.
type Values = BTreeMap<String, Value>;

/// Every source, laid over each other.
pub(super) struct Sources {
    /// Which keys there are, and which kind of value each holds.
    pub(super) defaults: Values,
    /// The value of each key that counts.
    pub(super) merged: Values,
}

/// Reads the defaults, then what overrides them: the file, the environment, the command line.
pub(super) fn read(file: Option<&Path>, flags: &[Flag]) -> Result<Sources, ConfigError> {
    let defaults = defaults()?;
    let mut merged = defaults.clone();
    merged.extend(from_file(file, &defaults)?);
    merged.extend(from_environment(&defaults)?);
    for Flag { name, key, value } in flags {
        check_known(name, key, &defaults)?;
        let value = Value::new(Some(&(*name).to_owned()), value.as_str());
        merged.insert(key.clone(), value);
    }
    Ok(Sources { defaults, merged })
}

impl Sources {
    /// The settings of one owner.
    pub(super) fn part<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let table: config::Map<String, Value> = self.merged.clone().into_iter().collect();
        Ok(Value::from(table).try_deserialize()?)
    }
}

fn defaults() -> Result<Values, ConfigError> {
    let mut defaults = Values::new();
    defaults.extend(default_of::<Common>()?);
    defaults.extend(default_of::<ImageLimits>()?);
    defaults.extend(default_of::<MemoryConfig>()?);
    defaults.extend(default_of::<publisher::Config>()?);
    defaults.extend(default_of::<publisher::auth::Config>()?);
    defaults.extend(default_of::<publisher::fairness::Config>()?);
    defaults.extend(default_of::<publisher::TransportConfig>()?);
    defaults.extend(default_of::<publisher::webhooks::Config>()?);
    defaults.extend(default_of::<workers::Config>()?);
    Ok(defaults)
}

fn default_of<T: Default + Serialize>() -> Result<config::Map<String, Value>, ConfigError> {
    Ok(config::Config::try_from(&T::default())?.collect()?)
}

fn from_file(named: Option<&Path>, known: &Values) -> Result<Values, ConfigError> {
    let path = named.unwrap_or(Path::new(FILE_DEFAULT));
    let required = named.is_some() || path.exists(); // one that is there and cannot be read is not passed over
    let read = File::from(path.to_owned())
        .format(FileFormat::Toml)
        .required(required)
        .collect()?;
    let file = path.display().to_string();
    let mut values = Values::new();
    for (key, value) in read {
        check_known(&file, &key, known)?;
        values.insert(key, Value::new(Some(&file), value.kind));
    }
    Ok(values)
}

fn check_known(origin: &str, key: &str, known: &Values) -> Result<(), ConfigError> {
    if known.contains_key(key) {
        return Ok(());
    }
    check_replaced(origin, key)?;
    Err(ConfigError::UnknownKey {
        file: origin.to_owned(),
        key: key.to_owned(),
    })
}

fn check_replaced(origin: &str, key: &str) -> Result<(), ConfigError> {
    match REPLACED.iter().find(|(before, _)| *before == key) {
        None => Ok(()),
        Some((before, now)) => Err(ConfigError::Replaced {
            origin: origin.to_owned(),
            before,
            now,
        }),
    }
}

/// A variable that means nothing is told and no more: others may have set it for a purpose of theirs.
fn from_environment(known: &Values) -> Result<Values, ConfigError> {
    let read = Environment::with_prefix("NWS")
        .prefix_separator("_")
        .collect()?;
    let mut values = Values::new();
    for (key, value) in read {
        let name = format!("{PREFIX}{}", key.to_uppercase());
        if known.contains_key(&key) {
            values.insert(key, Value::new(Some(&name), value.kind));
        } else if !is_known_otherwise(&key) {
            check_replaced(&name, &key)?;
            warn(&name);
        }
    }
    Ok(values)
}

/// Our scripts and tests have variables of their own, `nws submit` has its key, and Kubernetes puts `NWS_SERVICE_HOST`,
/// `NWS_PORT_80_TCP` and their like into every container beside a service called nws.
fn is_known_otherwise(key: &str) -> bool {
    let ours = ["cache", "bless", "test"].contains(&key.split('_').next().unwrap_or_default());
    let of_orchestrators = |word: &str| word.starts_with("service") || word == "port";
    let of_submit = key == "api_key";
    ours || of_submit || key.split('_').any(of_orchestrators)
}

#[expect(
    clippy::print_stderr,
    reason = "the log has not begun: how it is written is a setting too"
)]
fn warn(name: &str) {
    eprintln!(
        "nws: {name} is in the environment, but there is no such setting; `nws config` lists them"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_scripts_tests_and_orchestrators_are_left_alone() {
        for key in [
            "cache",
            "bless",
            "test_redis_url",
            "services_run",
            "api_key",
            "service_host",
            "port",
            "port_80_tcp",
        ] {
            assert!(is_known_otherwise(key), "{key}");
        }
        for key in ["listn", "worker_slot", "s3_secret"] {
            assert!(!is_known_otherwise(key), "{key}");
        }
    }
}
