//! `nws submit`.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr, time::Duration};

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
pub(crate) struct ApiKey(String);

/// A key that no header can carry. It is not shown: what is nearly a key tells the key.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key in NWS_API_KEY, or after --api-key, has {0} characters, and not only ASCII letters, digits and signs"
)]
pub(crate) struct NotAKey(usize);

impl ApiKey {
    /// `Authorization: Bearer …`. None where the key is empty, as a variable is that was cleared.
    pub(crate) fn authorization(&self) -> Result<Option<HeaderValue>, NotAKey> {
        let key = self.0.trim(); // files end in line breaks
        if key.is_empty() {
            return Ok(None);
        }
        let not_a_key = || NotAKey(key.chars().count());
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(not_a_key());
        }
        let header = HeaderValue::try_from(format!("Bearer {key}"));
        let mut header = header.map_err(|_| not_a_key())?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

/// Takes every text: the command line's parser shows what it refuses.
impl FromStr for ApiKey {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
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

    fn authorization(key: &str) -> Result<Option<HeaderValue>, NotAKey> {
        key.parse::<ApiKey>().unwrap().authorization()
    }

    #[test]
    fn a_key_is_not_shown() {
        let key: ApiKey = "hush".parse().unwrap();
        let header = key.authorization().unwrap();
        assert_eq!(header.as_ref().unwrap(), "Bearer hush");
        assert!(!format!("{key:?} {header:?}").contains("hush"));
        for wrong in ["hu sh", "hu\nsh", "hüsh"] {
            let error = authorization(wrong).unwrap_err();
            assert!(!error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_key_may_come_from_a_file_and_none_from_a_variable_that_was_cleared() {
        assert_eq!(authorization("hush\r\n").unwrap().unwrap(), "Bearer hush");
        assert_eq!(authorization("").unwrap(), None);
    }
}
