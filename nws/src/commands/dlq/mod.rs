//! `nws dlq`: what people do with dead letters, beside a system that may be running.

mod print;

use std::process::ExitCode;

use backends::queue::{Death, dead::LETTERS_MAX};
use publisher::dead_letters::{Office, Order, Which};

use crate::{
    cli::{Dlq, Drop, Form, Replay},
    config::Settings,
    wiring::beside::Beside,
};

/// Does what is asked; exit code 1 if some of it could not be done.
pub(crate) async fn run(dlq: &Dlq, settings: &Settings) -> anyhow::Result<ExitCode> {
    let beside = Beside::wire(settings).await?;
    let done = act(dlq, &beside.office).await;
    beside.close().await;
    Ok(if done? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn act(dlq: &Dlq, office: &Office) -> anyhow::Result<bool> {
    match dlq {
        Dlq::Ls { reason, form } => list(office, *reason, *form).await,
        Dlq::Show { id, form } => show(office, id, *form).await,
        Dlq::Replay(asked) => replay(office, asked).await,
        Dlq::Drop(asked) => drop_letters(office, asked).await,
    }
}

async fn list(office: &Office, reason: Option<Death>, form: Form) -> anyhow::Result<bool> {
    let listing = office.list(reason, LETTERS_MAX).await?;
    print::listing(&listing, form)?;
    Ok(true)
}

async fn show(office: &Office, id: &str, form: Form) -> anyhow::Result<bool> {
    let bundle = office.find(id).await?;
    print::bundle(id, &bundle, form)?;
    Ok(!bundle.letters.is_empty())
}

/// Every letter's fate is told as it comes about, so that a failure does not hide what was done before it.
async fn replay(office: &Office, asked: &Replay) -> anyhow::Result<bool> {
    let order = Order {
        which: asked.which(),
        rate_per_second: asked.rate,
        dry_run: asked.dry_run,
    };
    let mut report = print::Report::new(&order, asked.form);
    let replayed = office
        .replay(&order, |letter, fate| report.tell(letter, fate))
        .await;
    let complete = replayed.as_ref().is_ok_and(|complete| *complete);
    report.end(complete)?;
    replayed?;
    Ok(complete && report.is_clean())
}

/// As with a replay, an id that nobody has is a mistake; a reason that no letter has is none.
async fn drop_letters(office: &Office, asked: &Drop) -> anyhow::Result<bool> {
    let which = asked.which();
    let dropped = office.drop_letters(&which).await?;
    print::dropped(&which, dropped, asked.form)?;
    Ok(match which {
        Which::Id(_) => dropped.letters > 0,
        Which::Reason(_) | Which::All => dropped.complete,
    })
}
