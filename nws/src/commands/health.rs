//! `nws health`: what a container's health check runs.

use std::{io::Write as _, net::Ipv4Addr, process::ExitCode, time::Duration};

use anyhow::Context as _;

use crate::{config::Settings, output::output};

/// Well below the interval of any orchestrator.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Asks `url`, by default the process that listens where the settings say.
pub(crate) async fn ask(url: Option<String>, settings: &Settings) -> anyhow::Result<ExitCode> {
    let url = url.unwrap_or_else(|| own_url(settings));
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .no_proxy()
        .build()?;
    let answer = client
        .get(&url)
        .send()
        .await
        .with_context(|| format!("{url} does not answer"))?;
    writeln!(output(), "{url}: {}", answer.status())?;
    Ok(if answer.status().is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A process that listens everywhere is asked over loopback.
fn own_url(settings: &Settings) -> String {
    let mut listen = settings.common.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{listen}/health")
}
