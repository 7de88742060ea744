//! Whether values of the right kind make sense.

use backends::{RedisServer, queue::rabbitmq::Namespace};

use super::{Common, ConfigError, Settings};

/// More pictures at once than any machine has cores: a slip of the finger, and memory for each.
const WORKER_SLOTS_MAX: usize = 1024;

/// # Errors
/// The first setting that cannot be meant, by its key.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    process(settings)?;
    redis(&settings.common)?;
    s3(settings)?;
    images(&settings.limits)?;
    workers(&settings.workers)?;
    settings.auth.check().map_err(ConfigError::of_access)?;
    let memory = settings.memory.check();
    memory.map_err(|error| invalid(error.key, error.to_string()))?;
    publisher(settings)
}

fn publisher(settings: &Settings) -> Result<(), ConfigError> {
    let transport = settings.transport.check();
    transport.map_err(|error| invalid(error.key, error.problem))?;
    let ranges = [settings.publisher.check(), settings.fairness.check()];
    for range in ranges {
        range.map_err(|error| invalid(error.key, error.to_string()))?;
    }
    let webhooks = settings.webhooks.check();
    webhooks.map_err(|error| invalid(error.key, error.to_string()))?;
    if settings.fairness.counts_for_the_fleet() && settings.common.redis_url.is_empty() {
        let problem = "the rates of a fleet are counted in Redis, and there is none";
        return Err(invalid("redis_url", problem.to_owned()));
    }
    Ok(())
}

fn process(settings: &Settings) -> Result<(), ConfigError> {
    let common = &settings.common;
    if !matches!(common.log_format.as_str(), "" | "json" | "text") {
        let problem = format!("{:?} is neither json nor text", common.log_format);
        return Err(invalid("log_format", problem));
    }
    let namespace = common.namespace.parse::<Namespace>();
    namespace.map_err(|error| invalid("namespace", error.to_string()))?;
    Ok(())
}

fn redis(common: &Common) -> Result<(), ConfigError> {
    let urls = [
        ("redis_url", &common.redis_url),
        ("redis_cache_url", &common.redis_cache_url),
    ];
    for (key, url) in urls.into_iter().filter(|(_, url)| !url.is_empty()) {
        RedisServer::new(url).map_err(|error| invalid(key, error.to_string()))?;
    }
    Ok(())
}

fn s3(settings: &Settings) -> Result<(), ConfigError> {
    let common = &settings.common;
    let needed = [
        ("s3_bucket", &common.s3_bucket),
        ("s3_access_key", &common.s3_access_key),
        ("s3_secret_key", &common.s3_secret_key),
    ];
    match needed.iter().find(|(_, value)| value.is_empty()) {
        Some((key, _)) if !common.s3_endpoint.is_empty() => {
            Err(invalid(key, "is empty, but s3_endpoint is set".to_owned()))
        }
        _ => Ok(()),
    }
}

fn images(limits: &engine::Limits) -> Result<(), ConfigError> {
    at_least_one("image_pixels_max", limits.pixels_max)?;
    at_least_one("image_side_max", limits.side_max.into())?;
    at_least_one("image_decoded_bytes_max", limits.decoded_bytes_max)?;
    at_least_one("image_frames_max", limits.frames_max.into())?;
    at_least_one("image_animation_pixels_max", limits.animation_pixels_max)
}

fn workers(config: &workers::Config) -> Result<(), ConfigError> {
    let slots = config.worker_slots;
    if !(1..=WORKER_SLOTS_MAX).contains(&slots) {
        let problem = format!("{slots}, 1 to {WORKER_SLOTS_MAX} are allowed");
        return Err(invalid("worker_slots", problem));
    }
    at_least_one("job_deadline_secs", config.job_deadline_secs)?;
    at_least_one("job_cpu_secs", config.job_cpu_secs)
}

fn at_least_one(key: &'static str, value: u64) -> Result<(), ConfigError> {
    if value == 0 {
        return Err(invalid(key, "0, at least 1 is needed".to_owned()));
    }
    Ok(())
}

fn invalid(key: &'static str, problem: String) -> ConfigError {
    ConfigError::Invalid { key, problem }
}
