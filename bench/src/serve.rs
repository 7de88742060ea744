//! The engine's side, as a program around it does the jobs.

use std::{
    fs,
    io::{self, BufRead as _, Write as _},
    ops::ControlFlow,
    path::PathBuf,
    time::Duration,
};

use engine::{Fonts, Limits};
use rustix::time::{ClockId, clock_gettime};
use schemas::{
    OutputFormat, Recipe,
    recipe::{Context, Date, Request},
};
use serde::Deserialize;

use crate::runner::{Answer, Done, Greeting};

/// What it reads of a request.
#[derive(Debug, Deserialize)]
struct Work {
    source: PathBuf,
    fields: Vec<(String, String)>,
    result: Option<PathBuf>,
}

/// Answers until stdin ends.
pub(crate) fn run() -> anyhow::Result<()> {
    let fonts = Fonts::embedded();
    let version = format!("engine revision {}", schemas::recipe::ENGINE_REVISION);
    say(&Greeting { version })?;
    for line in io::stdin().lock().lines() {
        let work: Work = serde_json::from_str(&line?)?;
        say(&match recipe(&work.fields) {
            Ok(recipe) => done(&work, &recipe, &fonts)?,
            Err(missing) => Answer::Missing { missing },
        })?;
    }
    Ok(())
}

fn say(line: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(line)?)?;
    Ok(stdout.flush()?)
}

/// An error where the engine does not know a field or a value yet.
fn recipe(fields: &[(String, String)]) -> Result<Recipe, String> {
    let mut request = Request::default();
    for (field, value) in fields {
        let refused = |error| format!("{field}={value}: {error}");
        request.set(field, value).map_err(refused)?;
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).map_err(|error| error.to_string())
}

fn done(work: &Work, recipe: &Recipe, fonts: &Fonts) -> anyhow::Result<Answer> {
    let before = cpu_time();
    let source = fs::read(&work.source)?;
    let limits = Limits::default();
    let rendered = engine::render(&source, recipe, fonts, &limits, &mut |_| {
        ControlFlow::Continue(())
    })?;
    let cpu_ms = (cpu_time() - before).as_secs_f64() * 1000.0;
    if let Some(result) = &work.result {
        fs::write(result, &rendered.bytes)?;
    }
    Ok(Answer::Done(Done {
        cpu_ms,
        bytes: rendered.bytes.len() as u64,
        width: rendered.width,
        height: rendered.height,
    }))
}

/// In user space and in the kernel, of all threads.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JOBS;

    #[test]
    fn what_the_engine_cannot_do_yet_is_named() {
        let missing = recipe(&[("wm_glitter".to_owned(), "much".to_owned())]).unwrap_err();
        assert!(missing.contains("wm_glitter=much"), "{missing}");
    }

    #[test]
    fn the_plain_jobs_are_understood() {
        let fields = |name| {
            let job = JOBS.iter().find(|job| job.name == name).unwrap();
            let owned = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
            job.fields.iter().map(owned).collect::<Vec<_>>()
        };
        for name in ["J1 12 MP", "J2 q85", "J3 same method", "J5"] {
            recipe(&fields(name)).unwrap();
        }
    }
}
