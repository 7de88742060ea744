//! What there is to do, and how it ends.

use std::{fmt, ops::ControlFlow, sync::Arc};

use engine::{Fonts, InputError, Limits, Logo, Material, RenderError, Rendered};
use schemas::{Digest, Recipe, Step};

/// The longest message of a refusal. Ours are a line.
const MESSAGE_CHARS_MAX: usize = 500;
/// The longest word for programs.
const CODE_BYTES_MAX: usize = 40;

/// One picture's way to its result.
#[derive(Clone, Copy, Debug)]
pub struct Task<'t> {
    /// The photo's bytes, which nobody has looked at yet.
    pub original: &'t [u8],
    /// The mark's logo and its digest, by which it is known again.
    pub logo: Option<(&'t [u8], Digest)>,
    /// What is to be done.
    pub recipe: &'t Recipe,
}

/// A result, and what its bytes come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The result.
    pub rendered: Rendered,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// Who watches the work and may stop it.
pub trait Watch {
    /// A step begins, or goes on in its next frame. `Break`: not this one any more.
    fn begin(&mut self, step: Step) -> ControlFlow<()>;

    /// Asked several times a second. `Break`: the work is to stop, wherever it is.
    fn go_on(&mut self) -> ControlFlow<()>;
}

/// Makes results, wherever pixels are worked on.
pub trait Renderer: fmt::Debug + Send + Sync {
    /// Works on `task` until it is done or `watch` stops it. The calling thread has nothing else to do meanwhile.
    ///
    /// # Errors
    /// Why there is no result.
    fn render(&self, task: &Task<'_>, watch: &mut dyn Watch) -> Result<Made, Fault>;

    /// Whether a picture that came now would find a place, at once or once another is done. While it would not, whoever
    /// takes pictures from a queue leaves them to others.
    fn is_open(&self) -> bool;
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The picture or the mark is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("result has {size_bytes} bytes, the limit is {size_bytes_max}")]
    ResultTooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    #[error("the picture needs more memory than its slot may have, {limit_bytes} bytes")]
    MemoryExceeded { limit_bytes: u64 },
    #[error("the picture needs more CPU time than it may have, {limit_secs} s")]
    CpuExceeded { limit_secs: u64 },
    /// Whoever watches wanted no more.
    #[error("stopped by who watches")]
    Stopped,
    /// The guest died, or said what no sound guest says.
    #[error("the picture brought its slot down: {0}")]
    Crashed(String),
    /// The guest was killed, neither by itself nor by its host: as the system does it that is short of memory.
    #[error("the picture's slot was killed from outside")]
    Killed,
    /// No guest can be had; the picture has nothing to do with it.
    #[error("there is no slot: {0}")]
    NoSlot(String),
}

/// Why the picture or the mark is at fault, in words that can be told to anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    /// What somebody says who may lie: the code is a word, and the message a line. `None` if the code is none.
    pub(crate) fn heard(code: String, message: &str) -> Option<Self> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let is_code = (1..=CODE_BYTES_MAX).contains(&code.len()) && code.bytes().all(is_word);
        let line = message.chars().filter(|character| !character.is_control());
        is_code.then(|| Self {
            code,
            message: line.take(MESSAGE_CHARS_MAX).collect(),
        })
    }

    /// A word for programs, one of [`InputError::code`].
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl From<InputError> for Refusal {
    fn from(error: InputError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
        }
    }
}

impl From<InputError> for Fault {
    fn from(error: InputError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<RenderError> for Fault {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Input(error) => error.into(),
            RenderError::Stopped { .. } => Self::Stopped,
        }
    }
}

/// Renders in this very process, on the caller's thread: nothing is held in, and a crash is everybody's.
#[derive(Clone, Debug)]
pub struct InProcess {
    /// What marks are drawn with.
    pub fonts: Arc<Fonts>,
    /// What the engine takes on.
    pub limits: Limits,
}

impl Renderer for InProcess {
    fn render(&self, task: &Task<'_>, watch: &mut dyn Watch) -> Result<Made, Fault> {
        let logo = task.logo.map(|(bytes, _)| Logo::decode(bytes));
        let logo = logo.transpose().map_err(InputError::Logo)?;
        let material = Material {
            fonts: &self.fonts,
            logo: logo.as_ref(),
        };
        let on_step = &mut |step| watch.begin(step);
        let rendered = engine::render(task.original, task.recipe, material, &self.limits, on_step)?;
        Ok(rendered.into())
    }

    fn is_open(&self) -> bool {
        true
    }
}

impl From<Rendered> for Made {
    fn from(rendered: Rendered) -> Self {
        Self {
            sha256: Digest::of(&rendered.bytes),
            rendered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_word_and_a_line_whatever_is_heard() {
        let heard = |code: &str, message| Refusal::heard(code.to_owned(), message);
        let long = "\x1b[31m\nfailed".repeat(1000);
        let refusal = heard("broken_image", &long).unwrap();
        assert_eq!(refusal.to_string().chars().count(), MESSAGE_CHARS_MAX);
        assert!(!refusal.to_string().contains(char::is_control));
        for no_code in ["", "Broken", "broken image", &"x".repeat(41), "<b>"] {
            assert_eq!(heard(no_code, ""), None, "{no_code}");
        }
    }
}
