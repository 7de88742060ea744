//! `nws dlq`.

use std::num::NonZeroU32;

use backends::queue::Death;
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use publisher::dead_letters::{RATE_PER_SECOND, Which};

/// What can be done with the dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List them, oldest first
    Ls {
        /// Only those that died for this reason
        #[arg(long, value_parser = reasons())]
        reason: Option<Death>,
        #[command(flatten)]
        form: Form,
    },
    /// Show the letters of one id: all that is known, and what was sent once
    Show {
        id: String,
        #[command(flatten)]
        form: Form,
    },
    /// Send letters again, as a first attempt that keeps its history; jobs that are finished or run are left alone
    Replay(Replay),
    /// Remove letters for good
    Drop(Drop),
}

/// `nws dlq replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    selection: Selection,
    /// Messages in a second
    #[arg(long, value_name = "N", default_value_t = RATE_PER_SECOND)]
    pub(crate) rate: NonZeroU32,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `nws dlq drop`. What is meant is named: nothing drops all letters at once.
#[derive(Debug, Args)]
pub(crate) struct Drop {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Named {
    /// Those of this id
    id: Option<String>,
    /// Those that died for this reason
    #[arg(long, value_parser = reasons())]
    reason: Option<Death>,
}

/// One way to say which letters.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Selection {
    /// Those of this id
    id: Option<String>,
    /// Those that died for this reason
    #[arg(long, value_parser = reasons())]
    reason: Option<Death>,
    /// Every letter that can be read
    #[arg(long)]
    all: bool,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// As JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl Replay {
    pub(crate) fn which(&self) -> Which {
        match (&self.selection.id, self.selection.reason) {
            (Some(id), _) => Which::Id(id.clone()),
            (None, Some(reason)) => Which::Reason(reason),
            (None, None) => Which::All,
        }
    }
}

impl Drop {
    pub(crate) fn which(&self) -> Which {
        match (&self.named.id, self.named.reason) {
            (Some(id), _) => Which::Id(id.clone()),
            (None, reason) => Which::Reason(reason.expect("clap asks for one of the two")),
        }
    }
}

/// Our words and the broker's; any other is a usage error that lists them.
fn reasons() -> impl TypedValueParser<Value = Death> {
    PossibleValuesParser::new(Death::ALL.map(Death::as_str)).try_map(|word| word.parse::<Death>())
}
