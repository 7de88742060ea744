//! `nws submit`.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, builder::RangedU64ValueParser};
use reqwest::{Url, header::HeaderValue};

use super::Photos;

const EXIT_CODES: &str = "\
Exit codes:
    0  every photo is done
    1  some are not, and each is named with the reason that the server gave
   64  the call cannot be meant; nothing was sent
   69  the server was away for longer than --patience
   77  the server refuses the credentials
  130  interrupted; the server works on, and the same command goes on where this one was";

/// `nws submit`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Submit {
    #[command(flatten)]
    pub(crate) photos: Photos,
    /// Address of the server, http://… or https://…
    #[arg(long, value_name = "URL", value_parser = server_url)]
    pub(crate) server: Url,
    /// What says who you are. Others on this machine can read a command line: set the variable instead
    #[arg(long, env = "NWS_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) api_key: Option<ApiKey>,
    /// Certificates in PEM that are trusted too: those of a private authority
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How long the server may be away or refuse for a while before this gives up
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
    /// Photos that are sent, and results that are fetched, at once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=64)
    )]
    pub(crate) transfers: usize,
    /// One line of JSON for each photo on standard output, once it has ended
    #[arg(long)]
    pub(crate) json: bool,
}

impl Submit {
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

/// The header that says who is asking. It is not shown.
#[derive(Clone)]
pub(crate) struct ApiKey(HeaderValue);

/// A key that no header can carry.
#[derive(Debug, thiserror::Error)]
#[error("a key is not empty, and has ASCII letters, digits and signs only")]
pub(crate) struct NotAKey;

impl ApiKey {
    /// `Authorization: Bearer …`.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl FromStr for ApiKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAKey);
        }
        let mut header = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| NotAKey)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An address below which the routes are: `https://host/nws` has `https://host/nws/upload`.
fn server_url(text: &str) -> Result<Url, String> {
    let mut url: Url = text.parse().map_err(|error| format!("{error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("http://… or https://… is expected".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address without ? and # is expected".to_owned());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_below_the_address() {
        for (given, upload) in [
            ("https://host", "https://host/upload"),
            ("http://host:3000/nws", "http://host:3000/nws/upload"),
            ("http://host/nws/", "http://host/nws/upload"),
        ] {
            let url = server_url(given).unwrap();
            assert_eq!(url.join("upload").unwrap().as_str(), upload);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for given in ["host:3000", "ftp://host", "https://host/?a=b", ""] {
            server_url(given).unwrap_err();
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key: ApiKey = "hush".parse().unwrap();
        assert!(!format!("{key:?} {:?}", key.authorization()).contains("hush"));
        for wrong in ["", "a b", "a\nb", "ä"] {
            wrong.parse::<ApiKey>().unwrap_err();
        }
    }
}
