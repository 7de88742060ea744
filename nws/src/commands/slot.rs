//! `nws slot`: the child process in which a worker has its pixels worked on.

use std::process::ExitCode;

use engine::Fonts;

use crate::fonts;

/// Works for the process that started this one, until that one goes away.
pub(crate) fn serve() -> ExitCode {
    slot::guest::serve(loaded)
}

fn loaded(setting: &str) -> Result<Fonts, String> {
    let loaded = fonts::load(setting).map_err(|error| error.to_string())?;
    Ok(loaded.fonts)
}
