//! What was promised, and what was reached.

use std::collections::BTreeMap;

use crate::{
    compare::{Findings, Whole},
    contender::Contender::{self, Sharp, Thumbnail},
    judge::{self, SCORE_LOSS_MAX},
    measure::Measured,
    memory::Peak,
    spread::Spread,
};

const MIB: f64 = 1024.0 * 1024.0;
/// Beyond the file's own bytes.
const STREAMING_MIB_MAX: f64 = 16.0;
const BASELINE: &[&str] = &[
    "J1 12 MP",
    "J1 24 MP",
    "J1 originals",
    "J1 4:4:4",
    "J1 turned",
];

/// One line: goal, reached, held.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) goal: String,
    pub(crate) reached: String,
    /// Nothing where it could not be measured.
    pub(crate) held: Option<bool>,
}

/// How many times less CPU time than another.
struct Faster {
    jobs: &'static [&'static str],
    than: Contender,
    median_min: f64,
    /// On the worst file.
    each_min: f64,
}

/// How many bytes, as a part of sharp's.
struct Bytes {
    jobs: &'static [&'static str],
    median_max: f64,
}

/// How much memory for 12 megapixels, as a part of another's.
struct Memory {
    than: Contender,
    part_max: f64,
}

const FASTER: [Faster; 16] = [
    faster(BASELINE, Sharp, 3.0).on_each_file(2.4),
    faster(BASELINE, Thumbnail, 2.8).on_each_file(2.0),
    faster(&["J1 progressive"], Sharp, 1.4),
    faster(&["J1 progressive"], Thumbnail, 1.3),
    faster(&["J2 keep"], Sharp, 12.0),
    faster(&["J2 keep"], Thumbnail, 6.0),
    faster(&["J2 q85"], Sharp, 4.5),
    faster(&["J2 q85"], Thumbnail, 2.2),
    faster(&["J3 same method"], Sharp, 1.4),
    faster(&["J3 same method"], Thumbnail, 1.4),
    faster(&["J3 fast"], Sharp, 3.0),
    faster(&["J3 fast"], Thumbnail, 3.0),
    faster(&["J4 fast"], Sharp, 2.0),
    faster(&["J4 small"], Sharp, 4.5),
    faster(&["J5"], Sharp, 6.0),
    faster(&["J5"], Thumbnail, 4.5),
];

const BYTES: [Bytes; 6] = [
    Bytes {
        jobs: BASELINE,
        median_max: 1.03,
    },
    Bytes {
        jobs: &["J3 same method"],
        median_max: 1.01,
    },
    Bytes {
        jobs: &["J3 fast"],
        median_max: 1.04,
    },
    Bytes {
        jobs: &["J4 fast"],
        median_max: 1.0,
    },
    Bytes {
        jobs: &["J4 small"],
        median_max: 1.17,
    },
    Bytes {
        jobs: &["J5"],
        median_max: 0.75,
    },
];

const MEMORY: [Memory; 2] = [
    Memory {
        than: Sharp,
        part_max: 1.0 / 4.0,
    },
    Memory {
        than: Thumbnail,
        part_max: 1.0 / 3.0,
    },
];

const fn faster(jobs: &'static [&'static str], than: Contender, median_min: f64) -> Faster {
    Faster {
        jobs,
        than,
        median_min,
        each_min: 0.0,
    }
}

impl Faster {
    const fn on_each_file(self, each_min: f64) -> Self {
        Self { each_min, ..self }
    }

    fn row(&self, findings: &Findings) -> Row {
        let mut goal = format!(
            "{}: {} × less CPU than {}",
            title(self.jobs),
            self.median_min,
            self.than.name()
        );
        if self.each_min > 0.0 {
            goal += &format!(", no file below {}", self.each_min);
        }
        let ratios = findings
            .of(self.jobs)
            .flat_map(|job| job.cpu_ratios(self.than));
        Row::judged(goal, Spread::of(ratios), |ratios| {
            ratios.median >= self.median_min && ratios.min >= self.each_min
        })
    }
}

impl Bytes {
    fn row(&self, findings: &Findings) -> Row {
        let goal = format!(
            "{}: at most {} × the bytes of sharp",
            title(self.jobs),
            self.median_max
        );
        let ratios = findings
            .of(self.jobs)
            .flat_map(|job| job.byte_ratios(Sharp));
        Row::judged(goal, Spread::of(ratios), |ratios| {
            ratios.median <= self.median_max
        })
    }
}

impl Memory {
    fn row(&self, peaks: &BTreeMap<Contender, Peak>) -> Row {
        let part =
            peaks[&Contender::Engine].megapixels_12 as f64 / peaks[&self.than].megapixels_12 as f64;
        Row {
            goal: format!(
                "J1 12 MP: at most {:.2} × the memory of {}",
                self.part_max,
                self.than.name()
            ),
            reached: format!("{part:.2}"),
            held: Some(part <= self.part_max),
        }
    }
}

impl Row {
    fn judged(goal: String, reached: Option<Spread>, holds: impl Fn(&Spread) -> bool) -> Self {
        Self {
            goal,
            held: reached.as_ref().map(holds),
            reached: reached.map_or_else(|| "missing".to_owned(), |spread| spread.to_string()),
        }
    }
}

/// All goals, speed first.
pub(crate) fn rows(findings: &Findings) -> Vec<Row> {
    let faster = FASTER.iter().filter(|goal| findings.have(goal.jobs));
    let bytes = BYTES.iter().filter(|goal| findings.have(goal.jobs));
    let mut rows: Vec<Row> = faster.map(|goal| goal.row(findings)).collect();
    rows.extend(bytes.map(|goal| goal.row(findings)));
    rows.push(quality(findings));
    if let Some(Whole { peaks, .. }) = &findings.whole {
        rows.extend(MEMORY.iter().map(|goal| goal.row(peaks)));
        rows.push(streaming(peaks[&Contender::Engine]));
    }
    rows
}

fn quality(findings: &Findings) -> Row {
    let jobs = BASELINE
        .iter()
        .chain(&["J1 progressive", "J2 q85"])
        .copied();
    let jobs: Vec<_> = jobs.collect();
    let losses = findings
        .of(&jobs)
        .flat_map(|job| job.pictures.iter().filter_map(judge::loss));
    Row::judged(
        format!("J1, J2 q85: SSIMULACRA2 at most {SCORE_LOSS_MAX} below sharp on any file"),
        Spread::of(losses),
        |losses| losses.max <= SCORE_LOSS_MAX,
    )
}

fn streaming(peak: Peak) -> Row {
    let Peak {
        megapixels_100,
        file_100,
        ..
    } = peak;
    let beyond = (megapixels_100 as f64 - file_100 as f64) / MIB;
    Row {
        goal: format!("J1 100 MP: at most the file and {STREAMING_MIB_MAX} MiB of memory"),
        reached: format!("the file and {beyond:.0} MiB"),
        held: Some(beyond <= STREAMING_MIB_MAX),
    }
}

/// What jobs have in common.
fn title(jobs: &[&'static str]) -> &'static str {
    match jobs {
        [one] => one,
        _ => "J1, all baseline JPEG",
    }
}

impl Findings {
    fn of(&self, names: &[&str]) -> impl Iterator<Item = &Measured> {
        self.jobs
            .iter()
            .filter(|measured| names.contains(&measured.job.name))
    }

    /// Whether one of these jobs was done.
    fn have(&self, names: &[&str]) -> bool {
        self.of(names).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JOBS;

    #[test]
    fn every_goal_is_about_jobs_that_are_done() {
        let names = FASTER
            .iter()
            .map(|goal| goal.jobs)
            .chain(BYTES.iter().map(|goal| goal.jobs));
        for name in names.flatten() {
            assert!(JOBS.iter().any(|job| job.name == *name), "{name}");
        }
    }

    #[test]
    fn one_slow_file_breaks_a_goal_that_is_about_each() {
        let goal = faster(BASELINE, Sharp, 3.0).on_each_file(2.4);
        let holds =
            |spread: &Spread| spread.median >= goal.median_min && spread.min >= goal.each_min;
        let row = |min| Row::judged(String::new(), Spread::of([min, 3.1, 3.5]), holds);
        assert_eq!(row(2.3).held, Some(false));
        assert_eq!(row(2.5).held, Some(true));
    }
}
