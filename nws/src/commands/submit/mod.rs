//! `nws submit`: photos marked by a server.
//!
//! [`errand`] decides what is sent and where results go. [`way`] is one photo's way: up, through its job, and back. Its
//! job's end is heard by [`follow`], on one stream for all; [`receive`] checks and places its result. Each of them speaks
//! to the [`server`] once and is done again for as long as there is [`patience`], depending on the [`problem`]. Here
//! many go side by side; the [`board`] shows them, and the [`tally`] tells what came of them.
//!
//! A job's id is made of its photo and its wishes. So nothing is remembered here: who sends a photo again finds its job.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

mod board;
mod errand;
mod follow;
mod patience;
mod problem;
mod receive;
mod server;
mod tally;
mod way;

use std::{
    io::{self, IsTerminal as _, stdout},
    net::IpAddr,
    process::ExitCode,
};

use anyhow::Context as _;
use board::Board;
use bytes::Bytes;
use errand::{Errands, Photo, Target};
use follow::Follower;
use futures::{StreamExt as _, stream};
use patience::Patience;
use receive::Shelf;
use server::Server;
use tally::Tally;
use tokio::{runtime::Runtime, signal::ctrl_c, sync::Semaphore};
use way::{Run, Wanted};

use super::photos::{Input, LogoFile, UsageError};
use crate::cli::Submit;

/// Does what the command line says.
pub(crate) fn run(submit: &Submit, runtime: &Runtime) -> anyhow::Result<ExitCode> {
    let errands = errand::errands(&submit.photos)?;
    refuse_terminal(&errands, submit.json)?;
    let wanted = wanted(submit, &errands)?;
    let server = Server::of(submit)?;
    warn_of_clear_text(submit);
    let Errands {
        photos,
        names,
        failures,
        skipped,
        ..
    } = errands;
    let tally = Tally::new(photos.len(), failures, skipped, submit.json)?;
    let (watch, follower) = follow::follower();
    let run = Run {
        server,
        patience: Patience::new(submit.patience()),
        board: Board::new(photos.iter().map(|photo| &photo.source)),
        watch,
        shelf: Shelf::new(names, submit.photos.overwrite),
        wanted,
        sending: Semaphore::new(submit.transfers),
        fetching: Semaphore::new(submit.transfers),
    };
    let tally = runtime.block_on(go(&run, &photos, follower, tally))?;
    run.board.close();
    Ok(tally.report(&photos)?)
}

/// All photos, until all have ended or there is no use in going on.
async fn go(
    run: &Run,
    photos: &[Photo],
    follower: Follower,
    mut tally: Tally,
) -> anyhow::Result<Tally> {
    let interrupted = ctrl_c();
    let unheard = tokio::select! {
        brought = bring_all(run, photos, &mut tally) => { brought?; None }
        Err(problem) = follower.run(&run.server, &run.patience, &run.board) => Some(problem),
        _ = interrupted => { tally.interrupt(); None }
    };
    if let Some(problem) = unheard {
        tally.lose_sight(&problem);
    }
    Ok(tally)
}

async fn bring_all(run: &Run, photos: &[Photo], tally: &mut Tally) -> io::Result<()> {
    let ways = photos.iter().enumerate();
    let ways = ways.map(|(number, photo)| async move {
        let outcome = run.bring(number, photo).await;
        (number, photo, outcome)
    });
    let mut outcomes = stream::iter(ways).buffer_unordered(follow::JOBS_MAX);
    while let Some((number, photo, outcome)) = outcomes.next().await {
        let line = tally.count(number, photo, &outcome)?;
        run.board.end(number, &line);
        if tally.is_stopped() {
            break;
        }
    }
    Ok(())
}

/// What is wanted of every photo. A value that no server takes is refused before anything is sent.
fn wanted(submit: &Submit, errands: &Errands) -> anyhow::Result<Wanted> {
    let recipe = &submit.photos.recipe;
    let logo = recipe.logo().map(LogoFile::read).transpose()?;
    let mut request = recipe.request()?;
    if logo.is_some() {
        request.add_logo()?;
    }
    let given = recipe.fields();
    let mut fields: Vec<_> = given
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    if let Some(named) = errands.format {
        fields.retain(|(name, _)| *name != "wm_format"); // it is the same, or `auto`
        fields.push(("wm_format", named.as_str().to_owned()));
    }
    Ok(Wanted {
        fields,
        logo: logo.map(|file| file.bytes),
        stdin: stdin_of(&errands.photos)?,
    })
}

/// The photo on standard input, if one is meant.
fn stdin_of(photos: &[Photo]) -> anyhow::Result<Bytes> {
    let is_stdin = photos.iter().any(|photo| photo.source == Input::Stdin);
    if !is_stdin {
        return Ok(Bytes::new());
    }
    let read = Input::Stdin.read().context(Input::Stdin.to_string())?;
    Ok(Bytes::from(read))
}

fn refuse_terminal(errands: &Errands, json: bool) -> Result<(), UsageError> {
    let to_stream = |photo: &Photo| matches!(photo.target, Target::Stream);
    match errands.photos.iter().any(to_stream) {
        true if json => Err(UsageError::JsonAndPhoto),
        true if stdout().is_terminal() => Err(UsageError::Terminal),
        _ => Ok(()),
    }
}

/// Whoever is between us and the server reads a key that is sent without TLS.
fn warn_of_clear_text(submit: &Submit) {
    let url = &submit.server;
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    if submit.api_key.is_some() && url.scheme() == "http" && !is_here {
        eprintln!("nws: the key goes to {url} without TLS: others on the way can read it");
    }
}
