//! What became of all of it, in Markdown, and whether anything happened that must not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display, Write as _},
    fs,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;

use super::{Neighbours, Outcome, Told, inputs::Group};

/// Around the tables in a document.
const BEGIN: &str = "<!-- load hostile: from here on it is written by the command -->";
const END: &str = "<!-- load hostile: to here -->";
/// Rows of the inputs that took longest, and of those that took most memory.
const EXTREMES: usize = 10;
/// Extensions of formats that are taken.
const TAKEN: [&str; 9] = [
    "avif", "bmp", "gif", "jpg", "jxl", "png", "tif", "tiff", "webp",
];
const MIB: u64 = 1024 * 1024;

/// What became of a run.
#[derive(Debug)]
pub struct Report {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) neighbours: Neighbours,
    pub(super) worker_lives: bool,
    /// Messages that nobody took.
    pub(super) waiting: u64,
    pub(super) has_pictures: bool,
    pub(super) seed: u64,
}

impl Report {
    /// What happened that must not.
    pub fn findings(&self) -> Vec<String> {
        let wrong = self.outcomes.iter().filter_map(|outcome| {
            let Told::Wrong(what) = &outcome.told else {
                return None;
            };
            let input = &outcome.input;
            Some(format!("{}, {}: {what}", input.kind, input.name))
        });
        let neighbours = self.neighbours.wrong.iter();
        let neighbours = neighbours.map(|what| format!("a neighbour's job: {what}"));
        let died = (!self.worker_lives).then(|| "the worker died".to_owned());
        let stuck = (self.waiting > 0).then(|| format!("{} jobs are stuck", self.waiting));
        let idle = (self.neighbours.done == 0).then(|| "no neighbour's job was done".to_owned());
        wrong
            .chain(neighbours)
            .chain(died)
            .chain(stuck)
            .chain(idle)
            .collect()
    }

    /// How many inputs there were.
    pub fn inputs(&self) -> usize {
        self.outcomes.len()
    }

    /// 1 if anything happened that must not.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(!self.findings().is_empty()))
    }

    /// Puts the tables where `document` has the last ones.
    ///
    /// # Errors
    /// When it has no place for them.
    pub fn replace_in(&self, document: &Path) -> anyhow::Result<()> {
        let text = fs::read_to_string(document)?;
        let place = text.split_once(BEGIN);
        let (before, rest) = place.context("the document has a place for tables")?;
        let end = rest.split_once(END);
        let (_, after) = end.context("the place for tables has an end")?;
        let tables = format!("{before}{BEGIN}\n\n{self}\n{END}{after}");
        Ok(fs::write(document, tables)?)
    }

    fn of(&self, group: Group) -> impl Iterator<Item = &Outcome> {
        self.outcomes
            .iter()
            .filter(move |outcome| outcome.input.group == group)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        summary(f, self)?;
        verdict(f, &self.findings())?;
        groups(f, self)?;
        if !self.has_pictures {
            writeln!(f, "The public set could not be had, and is left out.\n")?;
        }
        writeln!(f, "### Made to do harm\n")?;
        rows(f, self.of(Group::Made))?;
        writeln!(f, "### The slowest and the largest of the others\n")?;
        rows(f, extremes(&self.outcomes).into_iter())
    }
}

fn summary(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let slowest = report.outcomes.iter().map(|outcome| outcome.took).max();
    let is_bad = |outcome: &&Outcome| !outcome.told.is_done();
    writeln!(
        f,
        "{} inputs (seed {}) one after the other, of which {} were refused or failed; the slowest took {}. \
         Meanwhile {} jobs of neighbours were done, the slowest within {}.\n",
        report.inputs(),
        report.seed,
        report.outcomes.iter().filter(is_bad).count(),
        seconds(slowest.unwrap_or_default()),
        report.neighbours.done,
        seconds(report.neighbours.slowest)
    )
}

fn verdict(f: &mut fmt::Formatter<'_>, findings: &[String]) -> fmt::Result {
    if findings.is_empty() {
        let well = "No worker died, no job hung or is stuck, and every neighbour's job was done.";
        writeln!(f, "{well}\n")?;
    }
    for finding in findings {
        writeln!(f, "- **{finding}**")?;
    }
    Ok(())
}

/// A row for each kind of each group.
fn groups(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(
        f,
        "| inputs | kind | count | what a client sees | slowest | peak memory of the worker |\n|---|---|--:|---|--:|--:|"
    )?;
    for (group, name) in [
        (Group::Made, "made to do harm"),
        (Group::Damaged, "sound ones, damaged"),
        (Group::Public, "Pillow's test images"),
    ] {
        let mut kinds: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        for outcome in report.of(group) {
            kinds.entry(&outcome.input.kind).or_default().push(outcome);
        }
        let (others, taken): (Vec<_>, Vec<_>) = kinds
            .into_iter()
            .partition(|(kind, _)| group == Group::Public && !TAKEN.contains(kind));
        for (kind, outcomes) in taken {
            row_of_group(f, name, kind, &outcomes)?;
        }
        let rest: Vec<_> = others
            .into_iter()
            .flat_map(|(_, outcomes)| outcomes)
            .collect();
        if !rest.is_empty() {
            row_of_group(f, name, "of other formats", &rest)?;
        }
    }
    writeln!(f)
}

fn row_of_group(
    f: &mut fmt::Formatter<'_>,
    group: &str,
    kind: &str,
    outcomes: &[&Outcome],
) -> fmt::Result {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for outcome in outcomes {
        *told.entry(outcome.told.to_string()).or_default() += 1;
    }
    let mut seen = String::new();
    for (at, (told, count)) in told.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(seen, "{comma}{count} × {told}")?;
    }
    let took = outcomes.iter().map(|outcome| outcome.took).max();
    let peak = outcomes.iter().map(|outcome| outcome.peak_bytes).max();
    writeln!(
        f,
        "| {group} | {kind} | {} | {seen} | {} | {} MiB |",
        outcomes.len(),
        seconds(took.unwrap_or_default()),
        peak.unwrap_or_default() / MIB
    )
}

fn rows<'o>(
    f: &mut fmt::Formatter<'_>,
    outcomes: impl Iterator<Item = &'o Outcome>,
) -> fmt::Result {
    writeln!(
        f,
        "| input | bytes | what a client sees | time | peak memory |\n|---|--:|---|--:|--:|"
    )?;
    for outcome in outcomes {
        let input = &outcome.input;
        writeln!(
            f,
            "| {}: {} | {} | {} | {} | {} MiB |",
            input.kind,
            input.name,
            input.bytes.len(),
            outcome.told,
            seconds(outcome.took),
            outcome.peak_bytes / MIB
        )?;
    }
    writeln!(f)
}

/// Those that took longest and those that took most memory, in the order they came.
fn extremes(outcomes: &[Outcome]) -> Vec<&Outcome> {
    let others = || {
        let mut others: Vec<_> = (0..outcomes.len()).collect();
        others.retain(|&at| outcomes[at].input.group != Group::Made);
        others
    };
    let (mut slowest, mut largest) = (others(), others());
    slowest.sort_by_key(|&at| std::cmp::Reverse(outcomes[at].took));
    largest.sort_by_key(|&at| std::cmp::Reverse(outcomes[at].peak_bytes));
    let of = |order: Vec<usize>| order.into_iter().take(EXTREMES);
    let chosen: BTreeSet<_> = of(slowest).chain(of(largest)).collect();
    chosen.into_iter().map(|at| &outcomes[at]).collect()
}

impl Told {
    fn is_done(&self) -> bool {
        matches!(self, Self::Ended(status, _) if status == "done")
    }
}

impl Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status, word) => write!(f, "`{status}` {word}"),
            Self::Ended(status, word) if word.is_empty() => write!(f, "{status}"),
            Self::Ended(status, word) => write!(f, "{status}: {word}"),
            Self::Wrong(what) => write!(f, "**{what}**"),
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
