//! Everybody does a job on every picture, in turns, so that a slow moment of the machine meets all alike.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use tempfile::TempDir;

use crate::{
    compare::Options,
    contender::Contender,
    job::{Format, Job},
    judge::Judge,
    runner::{Answer, Done, Runner},
    spread::Spread,
};

/// A job and what it took.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) job: &'static Job,
    /// Why the engine cannot do it.
    pub(crate) missing: Option<String>,
    pub(crate) pictures: Vec<BTreeMap<Contender, Figures>>,
    /// What is wrong rather than slow.
    pub(crate) faults: Vec<String>,
}

/// One picture, done by one contender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    /// The median of all counted rounds.
    pub(crate) cpu_ms: f64,
    pub(crate) bytes: u64,
    /// SSIMULACRA2, where it is looked at.
    pub(crate) score: Option<f64>,
}

/// The contenders, each in one long-lived process.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    options: &'a Options,
    runners: BTreeMap<Contender, Runner>,
    /// The files of a warm-up, to be looked at.
    results: TempDir,
    order: StdRng,
}

/// Who works on which of the pictures.
type Turn = (usize, Contender);

/// What a turn's rounds took.
#[derive(Debug)]
struct Taken {
    /// Of the warm-up, whose file was kept.
    done: Done,
    /// Of the counted rounds.
    cpu_ms: Vec<f64>,
}

impl<'a> Bench<'a> {
    pub(crate) fn start(options: &'a Options) -> anyhow::Result<Self> {
        let start = |contender| Ok((contender, Runner::start(contender, &options.peers)?));
        let runners = Contender::ALL.into_iter().map(start);
        Ok(Self {
            options,
            runners: runners.collect::<anyhow::Result<_>>()?,
            results: tempfile::tempdir()?,
            order: StdRng::seed_from_u64(options.seed),
        })
    }

    pub(crate) fn versions(&self) -> BTreeMap<Contender, String> {
        let runners = self.runners.iter();
        runners
            .map(|(contender, runner)| (*contender, runner.version.clone()))
            .collect()
    }

    pub(crate) fn measure(&mut self, job: &'static Job) -> anyhow::Result<Measured> {
        let effort = self.options.effort(job);
        let sources = job
            .class
            .pictures(&self.options.pictures, effort.pictures)?;
        let missing = self.missing(job, &sources[0])?;
        let mut turns = turns(job, sources.len(), missing.is_some());
        let mut taken = self.warm_up(job, &sources, &turns)?;
        for _ in 0..effort.rounds {
            turns.shuffle(&mut self.order);
            for turn in &turns {
                let done = self.take(job, &sources, *turn, None)?;
                let taken = taken.get_mut(turn).expect("every turn was warmed up");
                taken.cpu_ms.push(done.cpu_ms);
            }
        }
        self.judged(job, &sources, &taken, missing)
    }

    /// Why the engine cannot do `job`.
    fn missing(&mut self, job: &Job, source: &Path) -> anyhow::Result<Option<String>> {
        let engine = self.runner(Contender::Engine);
        Ok(match engine.ask(job, source, None)? {
            Answer::Done(_) => None,
            Answer::Missing { missing } => Some(missing),
        })
    }

    /// Every turn once, not counted: caches fill, marks are drawn, and the files are kept to be judged.
    fn warm_up(
        &mut self,
        job: &Job,
        sources: &[PathBuf],
        turns: &[Turn],
    ) -> anyhow::Result<BTreeMap<Turn, Taken>> {
        let warmed = turns.iter().map(|turn| {
            let result = self.result(*turn);
            let done = self.take(job, sources, *turn, Some(&result))?;
            if job.output.format == Format::Avif {
                self.runner(Contender::Thumbnail).convert(&result)?;
            }
            Ok((
                *turn,
                Taken {
                    done,
                    cpu_ms: Vec::new(),
                },
            ))
        });
        warmed.collect()
    }

    fn take(
        &mut self,
        job: &Job,
        sources: &[PathBuf],
        (number, contender): Turn,
        result: Option<&Path>,
    ) -> anyhow::Result<Done> {
        match self.runner(contender).ask(job, &sources[number], result)? {
            Answer::Done(done) => Ok(done),
            Answer::Missing { missing } => anyhow::bail!("{}: {missing}", job.name),
        }
    }

    fn judged(
        &self,
        job: &'static Job,
        sources: &[PathBuf],
        taken: &BTreeMap<Turn, Taken>,
        missing: Option<String>,
    ) -> anyhow::Result<Measured> {
        let mut judge = Judge::new(job);
        let mut pictures = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let of_picture =
                taken.range((number, Contender::FIRST)..(number + 1, Contender::FIRST));
            let mut case = judge.case(source)?;
            let figures = of_picture.map(|(turn, taken)| {
                let score = case.score(turn.1, &taken.done, &self.result(*turn))?;
                Ok((turn.1, taken.figures(score)))
            });
            let figures = figures.collect::<anyhow::Result<_>>()?;
            case.compare(&figures);
            pictures.push(figures);
        }
        Ok(Measured {
            job,
            missing,
            pictures,
            faults: judge.faults,
        })
    }

    fn result(&self, (number, contender): Turn) -> PathBuf {
        self.results.path().join(format!("{number}-{contender:?}"))
    }

    fn runner(&mut self, contender: Contender) -> &mut Runner {
        self.runners.get_mut(&contender).expect("all were started")
    }
}

impl Taken {
    fn figures(&self, score: Option<f64>) -> Figures {
        let spread = Spread::of(self.cpu_ms.iter().copied()).expect("there is a round at least");
        Figures {
            cpu_ms: spread.median,
            bytes: self.done.bytes,
            score,
        }
    }
}

/// Everybody who takes part, with every picture.
fn turns(job: &Job, pictures: usize, engine_is_missing: bool) -> Vec<Turn> {
    let takes_part = |contender: &Contender| {
        contender.takes_part(job) && !(engine_is_missing && *contender == Contender::Engine)
    };
    let contenders = Contender::ALL.into_iter().filter(takes_part);
    contenders
        .flat_map(|contender| (0..pictures).map(move |number| (number, contender)))
        .collect()
}
