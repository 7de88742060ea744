//! The books are closed: what became of everything that was accepted. Pure.

use std::{collections::BTreeMap, fmt, process::ExitCode, time::Duration};

use schemas::{JobId, State, Status};

use super::{
    broker::Letter,
    ledger::{Account, Book, End},
    orders::Expected,
    stranger::{Message, Wrong},
};

/// Findings that are printed; a run that lies has a few, one that is broken thousands.
const FINDINGS_SHOWN_MAX: usize = 40;

/// What was seen when nothing broke any more.
pub(super) struct Seen {
    pub(super) book: Book,
    /// Where every accepted job stood at last.
    pub(super) states: BTreeMap<JobId, State>,
    pub(super) letters: Vec<Letter>,
    /// Messages that still waited.
    pub(super) waiting: u64,
    pub(super) poison: Vec<(Wrong, Message)>,
    pub(super) renderings: BTreeMap<String, usize>,
    pub(super) injected: BTreeMap<String, usize>,
    pub(super) took: Duration,
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// How to have the same faults again.
    pub(super) again: String,
    tally: Tally,
    findings: Vec<String>,
    injected: BTreeMap<String, usize>,
    troubles: BTreeMap<String, usize>,
    attempts: BTreeMap<u32, usize>,
    again_rendered: usize,
    refused: usize,
    poison: usize,
    letters: usize,
    took: Duration,
}

/// The two sides of the equation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: usize,
    done: usize,
    failed: usize,
    dead: usize,
    cancelled: usize,
    queued: usize,
}

impl Report {
    pub(super) fn of(seen: Seen, again: String) -> Self {
        let tally = Tally::of(&seen);
        let mut findings = seen.book.findings.clone();
        for (id, account) in &seen.book.jobs {
            findings.extend(wrong_with(id, account, seen.states.get(id)));
        }
        findings.extend(unburied(&seen));
        findings.extend(unexplained(&seen));
        if tally.lost() > 0 {
            findings.push(format!("{} jobs are lost", tally.lost()));
        }
        if seen.waiting > 0 {
            findings.push(format!("{} messages still wait", seen.waiting));
        }
        let mut attempts = BTreeMap::new();
        for state in seen.states.values() {
            *attempts.entry(state.attempt).or_default() += 1;
        }
        Self {
            again,
            tally,
            findings,
            attempts,
            again_rendered: seen.renderings.values().map(|times| times - 1).sum(),
            refused: seen.book.refused,
            troubles: seen.book.troubles,
            poison: seen.poison.len(),
            letters: seen.letters.len(),
            injected: seen.injected,
            took: seen.took,
        }
    }

    /// Whether nothing was lost, unexplained or told in two ways.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// 1 where it is not clean.
    pub fn exit_code(&self) -> ExitCode {
        u8::from(!self.is_clean()).into()
    }
}

impl Tally {
    fn of(seen: &Seen) -> Self {
        let with = |status| {
            let states = seen.states.values();
            states.filter(|state| state.status == status).count()
        };
        let mut tally = Self {
            accepted: seen.book.jobs.len(),
            done: with(Status::Done),
            failed: with(Status::Failed),
            dead: with(Status::Dead),
            cancelled: with(Status::Cancelled),
            queued: 0,
        };
        // What has not ended is queued only as far as there are messages for it.
        let waiting = usize::try_from(seen.waiting).unwrap_or(usize::MAX);
        tally.queued = (tally.accepted - tally.ended()).min(waiting);
        tally
    }

    const fn ended(&self) -> usize {
        self.done + self.failed + self.dead + self.cancelled
    }

    const fn lost(&self) -> usize {
        self.accepted - self.ended() - self.queued
    }
}

/// What is wrong with one job's account.
fn wrong_with(id: &JobId, account: &Account, state: Option<&State>) -> Vec<String> {
    let Some(state) = state else {
        return vec![format!("job {id} was accepted, and nobody knows it")];
    };
    if !state.status.is_final() {
        return vec![format!(
            "job {id} is still {} at attempt {}: {:?}",
            state.status, state.attempt, state.error
        )];
    }
    let mut wrong = Vec::new();
    let end = End::of(state);
    // A dead job that is uploaded again begins again, and so does one that was taken back.
    let begun_again =
        |before: &End| matches!(before.status, "dead" | "cancelled") && account.uploads > 1;
    for before in &account.ends {
        if before.contradicts(&end) && !begun_again(before) {
            wrong.push(format!(
                "job {id} has two outcomes: {before:?}, then {end:?}"
            ));
        }
    }
    if !fits(account, state.status) {
        wrong.push(format!(
            "job {id} should be {:?} and is {}: {:?}",
            account.expected, state.status, state.error
        ));
    }
    wrong
}

/// Whatever was accepted may end among the dead letters when the world fails it often enough.
fn fits(account: &Account, status: Status) -> bool {
    match status {
        Status::Done => matches!(account.expected, Expected::Done | Expected::Dead),
        Status::Failed => account.expected == Expected::Failed,
        Status::Dead => true,
        Status::Cancelled => account.taken_back,
        Status::Queued | Status::Processing | Status::Retrying => false,
    }
}

/// Poison that does not lie among the dead letters with its reason and its history.
fn unburied(seen: &Seen) -> impl Iterator<Item = String> + '_ {
    let buried = |wrong: &Wrong, message: &Message| {
        seen.letters.iter().any(|letter| {
            letter.body == message.body
                && letter.reason.as_deref() == Some(wrong.reason())
                && letter.attempts > 0
        })
    };
    seen.poison
        .iter()
        .filter(move |(wrong, message)| !buried(wrong, message))
        .map(|(wrong, message)| {
            let text = String::from_utf8_lossy(&message.body);
            format!("{wrong:?} is not among the dead letters with its reason: {text}")
        })
}

/// Dead letters that are neither poison nor of a job that died.
fn unexplained(seen: &Seen) -> impl Iterator<Item = String> + '_ {
    let letters = seen.letters.iter();
    letters
        .filter(|letter| !is_poison(seen, letter) && !has_died(seen, letter))
        .map(|letter| format!("a dead letter that nothing explains: {letter}"))
}

fn is_poison(seen: &Seen, letter: &Letter) -> bool {
    let mut poison = seen.poison.iter();
    poison.any(|(_, message)| message.body == letter.body)
}

/// Whether its job is dead, or was until somebody uploaded it again. The broker buries without a look at the job: one of
/// two messages may be buried while the other one brings the job to its end.
fn has_died(seen: &Seen, letter: &Letter) -> bool {
    let account = letter.job().and_then(|id| seen.book.jobs.get(&id));
    account.is_some_and(|account| {
        let mut ends = account.ends.iter();
        ends.any(|end| letter.is_brokers || end.status == "dead")
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nafter {} s\n", self.took.as_secs())?;
        list(f, "injected", &self.injected)?;
        list(f, "clients tried again after", &self.troubles)?;
        list(f, "jobs by their last attempt", &self.attempts)?;
        writeln!(f, "rendered more than once: {}", self.again_rendered)?;
        writeln!(f, "refused as they had to be: {}", self.refused)?;
        writeln!(
            f,
            "dead letters: {} ({} poison messages were published)\n",
            self.letters, self.poison
        )?;
        for finding in self.findings.iter().take(FINDINGS_SHOWN_MAX) {
            writeln!(f, "WRONG: {finding}")?;
        }
        let Tally {
            accepted,
            done,
            failed,
            dead,
            cancelled,
            queued,
        } = self.tally;
        writeln!(
            f,
            "accepted {accepted} = done {done} + failed {failed} + dead {dead} + cancelled {cancelled} \
             + queued {queued}, lost {}",
            self.tally.lost()
        )?;
        let verdict = if self.is_clean() {
            "nothing is lost, unexplained or told in two ways".to_owned()
        } else {
            format!("{} findings", self.findings.len())
        };
        write!(f, "{verdict}; again: {}", self.again)
    }
}

fn list<K: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    counts: &BTreeMap<K, usize>,
) -> fmt::Result {
    writeln!(f, "{title}:")?;
    for (what, times) in counts {
        writeln!(f, "{times:6}  {what}")?;
    }
    writeln!(f)
}
