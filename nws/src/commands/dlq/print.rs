//! Dead letters for people and for programs. Ids and messages are strangers' words: what a terminal would obey is escaped.

use std::io::{self, Write as _};

use backends::{
    clock::now_ms,
    queue::{Attempt, dead::Letter},
};
use publisher::dead_letters::{self, Bundle, Dropped, Fate, Listing, Order, Which};
use serde_json::{Value, json};

use super::Form;
use crate::output::{output, plain};

/// As much of a body as is shown: a valid one is below 4 KiB.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// `nws dlq ls`.
pub(super) fn listing(listing: &Listing, form: Form) -> io::Result<()> {
    if form.json {
        return document(&json!({ "letters": listing.letters, "complete": listing.complete }));
    }
    let now_ms = now_ms();
    let mut out = output();
    if listing.letters.is_empty() {
        writeln!(out, "no dead letters")?;
    } else {
        writeln!(
            out,
            "{:>6}  {:<16} {:>7} {:>7}  {:<64}  LAST ERROR",
            "AGE", "REASON", "ATTEMPT", "CRASHES", "ID"
        )?;
    }
    for letter in &listing.letters {
        let (age, reason) = (age(letter, now_ms), letter.reason.as_str());
        let (attempt, crashes, id) = (letter.attempt, letter.crashes, plain(&letter.id));
        let error = plain(last_error(letter));
        writeln!(
            out,
            "{age:>6}  {reason:<16} {attempt:>7} {crashes:>7}  {id:<64}  {error}"
        )?;
    }
    warn_of_the_rest(&mut out, listing.complete)
}

/// `nws dlq show`.
pub(super) fn bundle(id: &str, bundle: &Bundle, form: Form) -> io::Result<()> {
    if form.json {
        let letters = bundle.letters.iter();
        let letters: Vec<_> = letters.map(|(letter, body)| whole(letter, body)).collect();
        return document(&json!({ "letters": letters, "complete": bundle.complete }));
    }
    if bundle.letters.is_empty() {
        return none_of(id, bundle.complete);
    }
    bundle
        .letters
        .iter()
        .try_for_each(|(letter, body)| show(letter, body))
}

/// `nws dlq drop`.
pub(super) fn dropped(which: &Which, dropped: Dropped, form: Form) -> io::Result<()> {
    let Dropped { letters, complete } = dropped;
    if form.json {
        return document(&drop_document(which, dropped));
    }
    let mut out = output();
    match (which, letters) {
        (Which::Id(id), 0) => return none_of(id, complete),
        (Which::Id(id), 1) => writeln!(out, "{}: dropped", plain(id))?,
        (Which::Id(id), _) => writeln!(out, "{}: {letters} letters dropped", plain(id))?,
        (Which::Reason(_) | Which::All, _) => writeln!(out, "{letters} dropped")?,
    }
    warn_of_the_rest(&mut out, complete)
}

fn drop_document(which: &Which, Dropped { letters, complete }: Dropped) -> Value {
    let mut document = json!({ "dropped": letters, "complete": complete });
    match which {
        Which::Id(id) => document["id"] = id.as_str().into(),
        Which::Reason(reason) => document["reason"] = json!(reason),
        Which::All => {}
    }
    document
}

/// Whether there is such a letter is known only when all were looked at.
fn none_of(id: &str, complete: bool) -> io::Result<()> {
    let mut out = output();
    let looked_at = if complete { "" } else { " that was looked at" };
    writeln!(out, "no letter{looked_at} has the id {}", plain(id))?;
    warn_of_the_rest(&mut out, complete)
}

/// `nws dlq replay`: the fate of each letter.
pub(super) struct Report {
    form: Form,
    dry_run: bool,
    /// The id that was asked for.
    id: Option<String>,
    report: dead_letters::Report,
}

impl Report {
    pub(super) fn new(order: &Order, form: Form) -> Self {
        let id = match &order.which {
            Which::Id(id) => Some(id.clone()),
            Which::Reason(_) | Which::All => None,
        };
        Self {
            form,
            dry_run: order.dry_run,
            id,
            report: dead_letters::Report::default(),
        }
    }

    /// Where it cannot be told, the work goes on all the same.
    pub(super) fn tell(&mut self, letter: &Letter, fate: Fate) {
        self.report.tell(letter, fate);
        if self.form.json {
            return;
        }
        let would = if self.dry_run { "would be " } else { "" };
        let _ = writeln!(output(), "{}  {would}{fate}", plain(&letter.id));
    }

    /// Whether everything that was asked for was done.
    pub(super) fn is_clean(&self) -> bool {
        self.report.kept == 0 && (self.id.is_none() || !self.report.letters.is_empty())
    }

    pub(super) fn end(&self, complete: bool) -> io::Result<()> {
        if self.form.json {
            let mut told = json!(self.report);
            told["dryRun"] = self.dry_run.into();
            told["complete"] = complete.into();
            return document(&told);
        }
        let mut out = output();
        match &self.id {
            Some(id) if complete && self.report.letters.is_empty() => {
                writeln!(out, "no letter has the id {}", plain(id))?;
            }
            _ => writeln!(
                out,
                "{} replayed, {} removed, {} kept{}",
                self.report.replayed,
                self.report.removed,
                self.report.kept,
                if self.dry_run {
                    "; this was a dry run"
                } else {
                    ""
                }
            )?,
        }
        warn_of_the_rest(&mut out, complete)
    }
}

fn warn_of_the_rest(out: &mut impl io::Write, complete: bool) -> io::Result<()> {
    if complete {
        return Ok(());
    }
    writeln!(
        out,
        "not every letter was looked at; ask again when these are replayed or dropped"
    )
}

fn document(document: &Value) -> io::Result<()> {
    writeln!(output(), "{document:#}")
}

fn whole(letter: &Letter, body: &[u8]) -> Value {
    let mut whole = json!(letter);
    whole["body"] = text(body).into();
    whole
}

fn show(letter: &Letter, body: &[u8]) -> io::Result<()> {
    let mut out = output();
    writeln!(out, "id        {}", plain(&letter.id))?;
    writeln!(out, "reason    {}", letter.reason)?;
    writeln!(out, "dead for  {}", age(letter, now_ms()))?;
    writeln!(out, "attempt   {}", letter.attempt)?;
    writeln!(out, "crashes   {}", letter.crashes)?;
    let kind = if letter.readable {
        "a job"
    } else {
        "no job that this version can read"
    };
    writeln!(out, "message   {} bytes, {kind}", letter.size_bytes)?;
    for attempt in &letter.history {
        writeln!(out, "          {}", sentence(attempt))?;
    }
    writeln!(out, "body      {}", plain(&text(body)))?;
    writeln!(out)
}

fn sentence(attempt: &Attempt) -> String {
    let Attempt {
        attempt,
        at_ms,
        worker,
        code,
        message,
        ..
    } = attempt;
    let at = i64::try_from(*at_ms).ok();
    let at = at.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let at = at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"));
    plain(&format!(
        "{at}  attempt {attempt} on {worker}: {code}: {message}"
    ))
}

/// The start of a body, with a mark in place of what is no text.
fn text(body: &[u8]) -> String {
    let shown = &body[..body.len().min(BODY_BYTES_MAX)];
    String::from_utf8_lossy(shown).into_owned()
}

fn last_error(letter: &Letter) -> &str {
    letter
        .history
        .last()
        .map_or("-", |attempt| &attempt.message)
}

fn age(letter: &Letter, now_ms: u64) -> String {
    let Some(dead_at_ms) = letter.dead_at_ms else {
        return "-".to_owned();
    };
    match now_ms.saturating_sub(dead_at_ms) / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use backends::queue::Death;

    use super::*;

    fn letter(dead_at_ms: Option<u64>) -> Letter {
        Letter {
            id: "id".into(),
            reason: Death::Unknown,
            dead_at_ms,
            attempt: 1,
            crashes: 0,
            history: Vec::new(),
            size_bytes: 0,
            job_id: None,
            readable: false,
        }
    }

    #[test]
    fn an_age_has_one_unit() {
        let shown = |ago_s: u64| age(&letter(Some(0)), ago_s * 1000);
        assert_eq!(shown(59), "59 s");
        assert_eq!(shown(60), "1 min");
        assert_eq!(shown(7199), "1 h");
        assert_eq!(shown(86_400 * 40), "40 d");
        assert_eq!(age(&letter(None), 1), "-");
        assert_eq!(
            age(&letter(Some(5000)), 0),
            "0 s",
            "another machine's clock"
        );
    }

    #[test]
    fn a_strangers_words_do_not_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\né"), "a\\u{1b}[2Jb\\né");
        assert_eq!(plain("\u{202e}{\"a\": '\\'}"), "\\u{202e}{\"a\": '\\'}");
    }
}
