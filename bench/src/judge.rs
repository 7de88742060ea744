//! Looks at results: whether they are wrong, and how good they are.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    contender::Contender,
    job::{Check, Job},
    measure::Figures,
    quality::Ideal,
    runner::Done,
};

/// How much worse than sharp's a score may be and still be called the same.
pub(crate) const SCORE_LOSS_MAX: f64 = 0.2;
/// Between two ways of rounding a side.
const SIDE_DIFFERENCE_MAX: u32 = 1;

/// The judge of one job.
pub(crate) struct Judge {
    job: &'static Job,
    /// What is wrong rather than slow.
    pub(crate) faults: Vec<String>,
}

/// A source, and what should become of it.
pub(crate) struct Case<'a> {
    judge: &'a mut Judge,
    source: &'a Path,
    ideal: Ideal,
}

impl Judge {
    pub(crate) const fn new(job: &'static Job) -> Self {
        Self {
            job,
            faults: Vec::new(),
        }
    }

    pub(crate) fn case<'a>(&'a mut self, source: &'a Path) -> anyhow::Result<Case<'a>> {
        let ideal = Ideal::of(source)?;
        Ok(Case {
            judge: self,
            source,
            ideal,
        })
    }
}

impl Case<'_> {
    /// The score of a result, where one can be given.
    pub(crate) fn score(
        &mut self,
        contender: Contender,
        done: &Done,
        result: &Path,
    ) -> anyhow::Result<Option<f64>> {
        let size = (done.width, done.height);
        if !is_near(size, self.ideal.size()) {
            let (width, height) = self.ideal.size();
            self.fault(
                contender,
                &format!("{size:?} pixels instead of {width}×{height}"),
            );
        }
        let job = self.judge.job;
        // A pixel more or less is no fault, but nothing to compare either.
        if job.check == Check::Size || size != self.ideal.size() {
            return Ok(None);
        }
        let bytes = fs::read(result)?;
        if job.check == Check::Exact
            && contender == Contender::Engine
            && !self.ideal.is_kept_by(&bytes)?
        {
            self.fault(contender, "pixels outside the mark differ from the source");
        }
        Ok(Some(self.ideal.score(&bytes)?))
    }

    /// Whether the engine's score is as good as sharp's.
    pub(crate) fn compare(&mut self, figures: &BTreeMap<Contender, Figures>) {
        let loss = loss(figures).filter(|loss| *loss > SCORE_LOSS_MAX);
        if let (Check::Gate, Some(loss)) = (self.judge.job.check, loss) {
            self.fault(
                Contender::Engine,
                &format!("scores {loss:.2} below sharp, the limit is {SCORE_LOSS_MAX}"),
            );
        }
    }

    fn fault(&mut self, contender: Contender, what: &str) {
        let (job, source) = (self.judge.job.name, self.source.display());
        self.judge
            .faults
            .push(format!("{job}, {source}, {}: {what}", contender.name()));
    }
}

/// By how much the engine's score is below sharp's.
pub(crate) fn loss(figures: &BTreeMap<Contender, Figures>) -> Option<f64> {
    let score = |contender| figures.get(&contender)?.score;
    Some(score(Contender::Sharp)? - score(Contender::Engine)?)
}

fn is_near(size: (u32, u32), wanted: (u32, u32)) -> bool {
    size.0.abs_diff(wanted.0) <= SIDE_DIFFERENCE_MAX
        && size.1.abs_diff(wanted.1) <= SIDE_DIFFERENCE_MAX
}
