//! The tables, in Markdown.

use std::{collections::BTreeMap, fmt::Write as _, fs, num::NonZero, path::Path, thread};

use anyhow::Context as _;

use crate::{
    compare::{Effort, Findings},
    contender::Contender,
    goals::Row,
    judge,
    measure::{Figures, Measured},
    memory::Peak,
    spread::Spread,
};

/// Around the tables in a document.
const BEGIN: &str = "<!-- ops/bench: from here on it is written by the command -->";
const END: &str = "<!-- ops/bench: to here -->";
const NONE: &str = "–";

/// All tables.
pub(crate) fn markdown(findings: &Findings, goals: &[Row]) -> String {
    let whole = findings.whole.as_ref();
    let sections = [
        machine(findings),
        cpu(&findings.jobs),
        ratios(&findings.jobs),
        bytes_and_quality(&findings.jobs),
        whole.map_or_else(String::new, |whole| memory(&whole.peaks)),
        whole.map_or_else(String::new, |whole| throughput(&whole.per_second)),
        goals_table(goals),
        missing(&findings.jobs),
    ];
    sections.concat()
}

/// Puts `report` where `document` has the last one.
pub(crate) fn replace_in(document: &Path, report: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(document)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .context("the document has a place for tables")?;
    let (_, after) = rest
        .split_once(END)
        .context("the place for tables has an end")?;
    fs::write(
        document,
        format!("{before}{BEGIN}\n\n{report}\n{END}{after}"),
    )?;
    Ok(())
}

fn machine(findings: &Findings) -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split(": ").nth(1))
            .unwrap_or("unknown")
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let Effort { pictures, rounds } = findings.effort;
    let versions: Vec<_> = findings.versions.values().map(String::as_str).collect();
    format!(
        "Machine: {}, family {}, {cores} cores. At most {pictures} pictures of a class, {rounds} rounds; AVIF fewer. \
         Contenders: {}.\n",
        field("model name"),
        field("cpu family"),
        versions.join("; "),
    )
}

fn cpu(jobs: &[Measured]) -> String {
    let mut table = Table::new("CPU ms, median over files", &Contender::ALL);
    for measured in jobs {
        let cells = Contender::ALL.map(|contender| {
            let times = measured.of(contender).map(|figures| figures.cpu_ms);
            Spread::of(times).map_or(NONE.to_owned(), |times| format!("{:.1}", times.median))
        });
        table.row(measured.job.name, &cells);
    }
    table.text
}

fn ratios(jobs: &[Measured]) -> String {
    let mut table = Table::new(
        "times the engine's CPU time: lowest, **median**, highest over files",
        &Contender::PEERS,
    );
    for measured in jobs.iter().filter(|measured| measured.missing.is_none()) {
        let cells = Contender::PEERS.map(|peer| shown(measured.cpu_ratios(peer)));
        table.row(measured.job.name, &cells);
    }
    table.text
}

fn bytes_and_quality(jobs: &[Measured]) -> String {
    let mut text = String::from(
        "\n| against sharp | bytes: lowest, **median**, highest over files | SSIMULACRA2 of the engine, median | of sharp | most the engine loses on a file |\n|---|---|---|---|---|\n",
    );
    for measured in jobs.iter().filter(|measured| measured.missing.is_none()) {
        let losses = Spread::of(measured.pictures.iter().filter_map(judge::loss));
        let cells = [
            shown(measured.byte_ratios(Contender::Sharp)),
            measured.score(Contender::Engine),
            measured.score(Contender::Sharp),
            losses.map_or(NONE.to_owned(), |losses| format!("{:+.2}", -losses.max)),
        ];
        let _ = writeln!(text, "| {} | {} |", measured.job.name, cells.join(" | "));
    }
    text
}

fn memory(peaks: &BTreeMap<Contender, Peak>) -> String {
    let mut table = Table::new("peak memory of a fresh process, MiB", &Contender::ALL);
    let mut row = |name, bytes: fn(&Peak) -> u64| {
        let mebibytes = |contender| (bytes(&peaks[&contender]) / (1024 * 1024)).to_string();
        table.row(name, &Contender::ALL.map(mebibytes));
    };
    row("idle", |peak| peak.idle);
    row("J1 12 MP", |peak| peak.megapixels_12);
    row("J1 100 MP", |peak| peak.megapixels_100);
    table.text
}

fn throughput(per_second: &BTreeMap<Contender, f64>) -> String {
    let mut table = Table::new("all cores busy, a process on each", &Contender::ALL);
    let cells = Contender::ALL.map(|contender| format!("{:.1}", per_second[&contender]));
    table.row("J1 12 MP, pictures a second", &cells);
    let engine = per_second[&Contender::Engine];
    let cells = Contender::ALL.map(|contender| format!("{:.2}", engine / per_second[&contender]));
    table.row("the engine's, times as many", &cells);
    table.text
}

fn goals_table(goals: &[Row]) -> String {
    let mut text = String::from("\n| goal | reached | held? |\n|---|---|---|\n");
    for Row {
        goal,
        reached,
        held,
    } in goals
    {
        let held = match held {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "missing",
        };
        let _ = writeln!(text, "| {goal} | {reached} | {held} |");
    }
    text
}

fn missing(jobs: &[Measured]) -> String {
    let mut text = String::from("\n");
    for measured in jobs {
        if let Some(reason) = &measured.missing {
            let _ = writeln!(
                text,
                "- {} is missing. The engine says: {reason}.",
                measured.job.name
            );
        }
    }
    text
}

/// A column a contender.
struct Table {
    text: String,
}

impl Table {
    fn new(title: &str, contenders: &[Contender]) -> Self {
        let names: Vec<_> = contenders
            .iter()
            .map(|contender| contender.name())
            .collect();
        let rule = "|---".repeat(contenders.len() + 1);
        Self {
            text: format!("\n| {title} | {} |\n{rule}|\n", names.join(" | ")),
        }
    }

    fn row(&mut self, name: &str, cells: &[String]) {
        let _ = writeln!(self.text, "| {name} | {} |", cells.join(" | "));
    }
}

impl Measured {
    /// How many times the engine's CPU time `peer` needed, of each picture.
    pub(crate) fn cpu_ratios(&self, peer: Contender) -> impl Iterator<Item = f64> {
        self.pairs(peer)
            .map(|(engine, peer)| peer.cpu_ms / engine.cpu_ms)
    }

    /// How many times `peer`'s bytes the engine wrote, of each picture.
    pub(crate) fn byte_ratios(&self, peer: Contender) -> impl Iterator<Item = f64> {
        self.pairs(peer)
            .map(|(engine, peer)| engine.bytes as f64 / peer.bytes as f64)
    }

    fn of(&self, contender: Contender) -> impl Iterator<Item = &Figures> {
        self.pictures
            .iter()
            .filter_map(move |by| by.get(&contender))
    }

    fn pairs(&self, peer: Contender) -> impl Iterator<Item = (&Figures, &Figures)> {
        let both = move |by: &'_ BTreeMap<Contender, Figures>| {
            by.contains_key(&Contender::Engine) && by.contains_key(&peer)
        };
        self.pictures
            .iter()
            .filter(move |by| both(by))
            .map(move |by| (&by[&Contender::Engine], &by[&peer]))
    }

    fn score(&self, contender: Contender) -> String {
        let scores = self.of(contender).filter_map(|figures| figures.score);
        Spread::of(scores).map_or(NONE.to_owned(), |scores| format!("{:.2}", scores.median))
    }
}

fn shown(figures: impl Iterator<Item = f64>) -> String {
    Spread::of(figures).map_or(NONE.to_owned(), |spread| spread.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tables_of_a_document_are_replaced() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("above\n{BEGIN}\nold\n{END}\nbelow\n")).unwrap();
        replace_in(file.path(), "new\n").unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(
            text.starts_with("above\n") && text.ends_with("\nbelow\n"),
            "{text}"
        );
        assert!(text.contains("\nnew\n") && !text.contains("old"), "{text}");
    }

    #[test]
    fn a_document_without_a_place_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "no place").unwrap();
        assert!(replace_in(file.path(), "new").is_err());
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "no place");
    }
}
