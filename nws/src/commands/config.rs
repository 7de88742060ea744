//! `nws config`: the effective settings, as a file that could be read again.
#![expect(clippy::print_stdout, reason = "this is its output")]

use std::process::ExitCode;

use crate::config::{Effective, Settings};

/// Prints every setting with its origin.
pub(crate) fn print(settings: &Settings) -> anyhow::Result<ExitCode> {
    for Effective { key, value, origin } in &settings.effective {
        let value: toml::Value = value.clone().try_deserialize()?;
        println!("{key} = {value} # {origin}");
    }
    Ok(ExitCode::SUCCESS)
}
