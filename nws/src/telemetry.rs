//! Where log lines go: to standard error, so that standard output stays a command's own.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{Common, ConfigError};

/// The target of what is told whatever the filter says.
pub(crate) const LOUD: &str = "loud";

/// Starts the log: JSON for machines, text for people.
///
/// # Errors
/// When the filter cannot be understood.
pub(crate) fn init(common: &Common) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&common.log).map_err(|error| ConfigError::Invalid {
        key: "log",
        problem: error.to_string(),
    })?;
    let loud = format!("{LOUD}=error").parse();
    let filter = filter.add_directive(loud.expect("a target and a level are a directive"));
    // A log that cannot be written is lost; by itself the library would say so on standard error, and panic there.
    let log = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(stderr);
    if wants_json(&common.log_format) {
        log.json().flatten_event(true).with_span_list(false).init();
    } else {
        log.with_ansi(stderr().is_terminal())
            .with_target(false)
            .init();
    }
    Ok(())
}

fn wants_json(log_format: &str) -> bool {
    match log_format {
        "json" => true,
        "text" => false,
        _ => !stderr().is_terminal(),
    }
}
