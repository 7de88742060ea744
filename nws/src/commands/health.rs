//! `nws health`: what a container's health check runs.

use std::{io::Write as _, net::Ipv4Addr, process::ExitCode, time::Duration};

use anyhow::Context as _;
use reqwest::{Client, ClientBuilder, Response};

use crate::{config::Settings, output::output};

/// Well below the interval of any orchestrator.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Asks `url`, by default the process that listens where the settings say.
pub(crate) async fn ask(url: Option<String>, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (url, answer) = match url {
        Some(url) => answer(&client().build()?, url).await?,
        None => own_answer(settings).await?,
    };
    writeln!(output(), "{url}: {}", answer.status())?;
    Ok(if answer.status().is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The answer of the process beside this one. Its certificate is for another name than the address here, and nothing is
/// told to it. Settings with TLS are a publisher's, and a worker that shares them serves its probes without.
async fn own_answer(settings: &Settings) -> anyhow::Result<(String, Response)> {
    let client = client().danger_accept_invalid_certs(true).build()?;
    if settings.transport.is_secure()
        && let Ok(answered) = answer(&client, own_url("https", settings)).await
    {
        return Ok(answered);
    }
    answer(&client, own_url("http", settings)).await
}

async fn answer(client: &Client, url: String) -> anyhow::Result<(String, Response)> {
    let answer = client.get(&url).send().await;
    let answer = answer.with_context(|| format!("{url} does not answer"))?;
    Ok((url, answer))
}

fn client() -> ClientBuilder {
    Client::builder().timeout(ANSWER_WITHIN).no_proxy()
}

/// A process that listens everywhere is asked over loopback.
fn own_url(scheme: &str, settings: &Settings) -> String {
    let mut listen = settings.common.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("{scheme}://{listen}/health")
}
