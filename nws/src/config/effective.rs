//! What is in force, fit to be shown.

use config::{Value, ValueKind};

use super::sources::Sources;

const REDACTED: &str = "[redacted]";

/// Keys whose value nobody is shown. An API key is known by its digest alone, which is no secret.
const SECRET: [&str; 3] = ["s3_secret_key", "link_keys", "webhook_url"];

/// A setting as it is in force, without secrets.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    pub(crate) key: String,
    pub(crate) value: Value,
    /// `default`, a file, an environment variable or a flag.
    pub(crate) origin: String,
}

/// Every setting, in the order of the keys.
pub(super) fn of(sources: &Sources) -> Vec<Effective> {
    let shown = sources.merged.iter().filter_map(|(key, value)| {
        let kind = &sources.defaults.get(key)?.kind;
        Some(Effective {
            key: key.clone(),
            value: presentable(key, value.clone(), kind),
            origin: value.origin().unwrap_or("default").to_owned(),
        })
    });
    shown.collect()
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
        ValueKind::String(text) if is_secret(key) && !text.is_empty() => REDACTED.into(),
        ValueKind::String(text) if may_hold_password(key) => without_passwords(&text).into(),
        kind => Value::new(None, kind),
    }
}

fn is_secret(key: &str) -> bool {
    SECRET.contains(&key) || key.ends_with("_secrets")
}

fn may_hold_password(key: &str) -> bool {
    key.ends_with("_url") || key.ends_with("_endpoint")
}

/// A list of URLs, each without its password.
pub(crate) fn without_passwords(urls: &str) -> String {
    let mut shown = Vec::<String>::new();
    for part in urls.split(',') {
        match shown.last_mut() {
            // What has no scheme belongs to the URL before it: another of its hosts, or the rest of its password.
            Some(url) if !part.contains("://") => url.extend([",", part]),
            _ => shown.push(part.to_owned()),
        }
    }
    let shown: Vec<_> = shown.iter().map(|url| without_password(url)).collect();
    shown.join(",")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "amqp://u:p@a/%2f,amqp://b",
                "amqp://u:[redacted]@a/%2f,amqp://b",
            ),
            ("redis://:p@r", "redis://:[redacted]@r"),
            (
                "redis+cluster://u:p@a:1,b:2,redis://:p@c",
                "redis+cluster://u:[redacted]@a:1,b:2,redis://:[redacted]@c",
            ),
            ("redis://:p,p@r", "redis://:[redacted]@r"),
            ("http://s3:3900", "http://s3:3900"),
        ] {
            assert_eq!(without_passwords(url), shown);
        }
        let endpoint = presentable("s3_endpoint", "http://u:p@s3".into(), &ValueKind::Nil);
        assert_eq!(endpoint.to_string(), "http://u:[redacted]@s3");
    }
}
