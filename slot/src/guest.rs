//! A guest, from its start to its last word.
//!
//! It finds the channel as its standard input and the memory as its standard output; its standard error is read by the host
//! once it is dead. It ends when the host does, or goes away.

use std::{io, ops::ControlFlow, os::fd::BorrowedFd, process::ExitCode};

use engine::{Fonts, InputError, Limits, Logo, Material, RenderError, Rendered};
use schemas::{Digest, Recipe, Step};

use crate::{
    channel::{Channel, Done, Heard, OUT_OF_MEMORY, Order, Setting, Word, Work},
    fonts,
    lock_in::{self, Sandbox},
    memory::Mapped,
    scarce,
};

/// What makes results of pictures in a guest.
pub trait Engine {
    /// As [`engine::render`].
    ///
    /// # Errors
    /// As [`engine::render`].
    fn render(
        &mut self,
        source: &[u8],
        recipe: &Recipe,
        material: Material<'_>,
        limits: &Limits,
        on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Rendered, RenderError>;
}

/// The engine itself.
#[derive(Debug)]
pub struct Sound;

/// A guest at work.
struct Guest<E> {
    channel: Channel<BorrowedFd<'static>>,
    memory: Mapped,
    fonts: Fonts,
    limits: Limits,
    /// The logo that was drawn last: jobs often come in rows that share one.
    logo: Option<(Digest, Logo)>,
    engine: E,
}

/// Works for the host that started this process.
pub fn serve() -> ExitCode {
    serve_with(Sound)
}

/// The same with another engine.
pub fn serve_with(engine: impl Engine) -> ExitCode {
    match begin(engine).and_then(|guest| guest.map_or(Ok(()), Guest::work)) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody listens, or somebody else than a host does.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Gets everything that takes rights, and gives them up. `None` when the host went away before.
fn begin<E: Engine>(engine: E) -> io::Result<Option<Guest<E>>> {
    lock_in::end_with_host()?;
    let channel = Channel::of_guest();
    let Some(file) = channel.take()? else {
        return Ok(None);
    };
    let Some(Order::Begin(setting)) = channel.hear()? else {
        return Ok(None);
    };
    let fonts = match fonts::of_host(&file, &setting.fonts) {
        Ok(fonts) => fonts,
        Err(problem) => {
            channel.say(&Word::NotReady(problem.to_string()))?;
            return Ok(None);
        }
    };
    drop(file); // it is mapped
    let guest = Guest {
        memory: Mapped::new(rustix::stdio::stdout(), setting.layout)?,
        channel,
        fonts,
        limits: setting.limits,
        logo: None,
        engine,
    };
    guest.lock_in(&setting)?;
    Ok(Some(guest))
}

impl<E: Engine> Guest<E> {
    fn lock_in(&self, setting: &Setting) -> io::Result<()> {
        let sandbox = if setting.is_locked_in {
            lock_in::lock_in(setting.memory_bytes_max)
        } else {
            Sandbox::OFF
        };
        scarce::speak(rustix::stdio::stdin(), OUT_OF_MEMORY);
        self.channel.say(&Word::Ready(sandbox))
    }

    /// One picture after the other, until the host goes away.
    fn work(mut self) -> io::Result<()> {
        while let Some(order) = self.channel.hear()? {
            match order {
                Order::Work(work) => {
                    let end = self.end_of(&work);
                    self.channel.say(&end)?;
                }
                // It crossed the end of the picture that it was meant for.
                Order::Stop => {}
                Order::Begin(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(())
    }

    fn end_of(&mut self, work: &Work) -> Word {
        match self.rendered(work) {
            Ok(rendered) if self.memory.put_result(&rendered.bytes) => {
                Word::Done(Done::of(&rendered))
            }
            Ok(rendered) => Word::TooLong {
                size_bytes: rendered.bytes.len() as u64,
            },
            Err(RenderError::Stopped { .. }) => Word::Stopped,
            Err(RenderError::Input(error)) => Word::Refused {
                code: error.code().to_owned(),
                message: error.to_string(),
            },
        }
    }

    fn rendered(&mut self, work: &Work) -> Result<Rendered, RenderError> {
        if let Some((size_bytes, sha256)) = work.logo {
            self.know(size_bytes, sha256)?;
        }
        let material = Material {
            fonts: &self.fonts,
            logo: match work.logo {
                Some(_) => self.logo.as_ref().map(|(_, logo)| logo),
                None => None,
            },
        };
        let original = self.memory.original(work.original_bytes);
        let on_step = &mut told_over(&self.channel);
        self.engine
            .render(original, &work.recipe, material, &self.limits, on_step)
    }

    /// Decodes a logo, unless it is the last one again.
    fn know(&mut self, size_bytes: usize, sha256: Digest) -> Result<(), InputError> {
        if self.logo.as_ref().is_none_or(|(known, _)| *known != sha256) {
            self.logo = None; // two of them are not needed at once
            let logo = Logo::decode(self.memory.logo(size_bytes))?;
            self.logo = Some((sha256, logo));
        }
        Ok(())
    }
}

impl Engine for Sound {
    fn render(
        &mut self,
        source: &[u8],
        recipe: &Recipe,
        material: Material<'_>,
        limits: &Limits,
        on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Rendered, RenderError> {
        engine::render(source, recipe, material, limits, on_step)
    }
}

/// Tells each step once, and hears whether the next one is still wanted. A host that is gone wants nothing.
fn told_over(channel: &Channel<BorrowedFd<'static>>) -> impl FnMut(Step) -> ControlFlow<()> {
    let mut begun = None;
    move |step| {
        let is_new = begun != Some(step);
        begun = Some(step);
        if is_new && channel.say(&Word::Step(step)).is_err() {
            return ControlFlow::Break(());
        }
        match channel.hear_now::<Order>() {
            Ok(Heard::Nothing) => ControlFlow::Continue(()),
            Ok(Heard::Said(_) | Heard::Gone) | Err(_) => ControlFlow::Break(()),
        }
    }
}
