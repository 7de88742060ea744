//! `nws config`: the effective settings, as a file that could be read again.

use std::{io::Write as _, process::ExitCode};

use crate::{
    config::{Effective, Settings},
    output::output,
};

/// Prints every setting with its origin.
pub(crate) fn print(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut out = output();
    for Effective { key, value, origin } in &settings.effective {
        let value: toml::Value = value.clone().try_deserialize()?;
        writeln!(out, "{key} = {value} # {origin}")?;
    }
    Ok(ExitCode::SUCCESS)
}
