//! The most memory a fresh process needs for one picture.

use std::collections::BTreeMap;

use crate::{
    compare::Options,
    contender::Contender,
    job::{JOBS, Job},
    picture::Class,
    runner::Runner,
};

/// Peaks of one contender, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak {
    /// Before there is anything to do.
    pub(crate) idle: u64,
    pub(crate) megapixels_12: u64,
    pub(crate) megapixels_100: u64,
    /// Length of the picture of 100 megapixels.
    pub(crate) file_100: u64,
}

/// Of everybody, doing J1.
pub(crate) fn peaks(options: &Options) -> anyhow::Result<BTreeMap<Contender, Peak>> {
    let peak = |contender| Ok((contender, Peak::of(contender, options)?));
    Contender::ALL.into_iter().map(peak).collect()
}

impl Peak {
    fn of(contender: Contender, options: &Options) -> anyhow::Result<Self> {
        let idle = Runner::start(contender, &options.peers)?.peak_bytes()?;
        let (megapixels_12, _) = with(contender, Class::Megapixels12, options)?;
        let (megapixels_100, file_100) = with(contender, Class::Megapixels100, options)?;
        Ok(Self {
            idle,
            megapixels_12,
            megapixels_100,
            file_100,
        })
    }
}

/// The peak with the first picture of `class`, and the length of its file.
fn with(contender: Contender, class: Class, options: &Options) -> anyhow::Result<(u64, u64)> {
    let job = Job { class, ..JOBS[0] };
    let source = &class.pictures(&options.pictures, 1)?[0];
    let mut runner = Runner::start(contender, &options.peers)?;
    runner.ask(&job, source, None)?;
    Ok((runner.peak_bytes()?, source.metadata()?.len()))
}
