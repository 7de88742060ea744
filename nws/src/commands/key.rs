//! `nws key`: secrets that nobody can guess, and the lines by which the settings know them.

use std::{
    io::{IsTerminal as _, Write as _, stderr, stdout},
    process::ExitCode,
};

use publisher::auth::{NewKey, new_link_key};

use crate::{cli::Key, config::ConfigError, output::output};

/// Makes a secret. It is shown once, on standard output: the secret, then what the settings are told.
pub(crate) fn make(key: &Key) -> anyhow::Result<ExitCode> {
    match key {
        Key::New { name, scope } => api_key(name, scope),
        Key::Link { id } => link_key(id),
    }
}

fn api_key(name: &str, scopes: &str) -> anyhow::Result<ExitCode> {
    let scopes = scopes.parse().map_err(|error| unfit("--scope", &error))?;
    let key = NewKey::new(rand::random());
    let entry = key.entry(name, scopes);
    let entry = entry.map_err(|error| unfit("--name", &error))?;
    writeln!(output(), "{}\n{entry}", key.reveal())?;
    explain(&format!(
        "The first line is the key of {name}, for `Authorization: Bearer …`. It is shown this once and kept nowhere.\n\
         The second goes into auth_keys (NWS_AUTH_KEYS), or on a line of auth_keys_file: it is no secret."
    ))
}

fn link_key(id: &str) -> anyhow::Result<ExitCode> {
    let unfit = || unfit("--id", &"1 to 16 letters and digits are expected");
    let entry = new_link_key(id, rand::random()).ok_or_else(unfit)?;
    writeln!(output(), "{entry}")?;
    explain(
        "This is a secret. Put it before the others in link_keys (NWS_LINK_KEYS) of every publisher: the first signs, all are\n\
         good. Where there are several publishers, put it last first, so that each knows it before one signs with it.",
    )
}

/// For people. A script reads standard output, where nothing else is.
fn explain(words: &str) -> anyhow::Result<ExitCode> {
    if stdout().is_terminal() {
        writeln!(stderr(), "\n{words}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn unfit(key: &'static str, problem: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Invalid {
        key,
        problem: problem.to_string(),
    }
}
