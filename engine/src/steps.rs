//! How far the work is, told to the caller, who may stop it.

use std::ops::ControlFlow;

use schemas::Step;

use crate::RenderError;

/// Tells of each step in order, whichever ways are tried until one leads to a result.
pub(crate) struct Steps<'c> {
    on_step: &'c mut dyn FnMut(Step) -> ControlFlow<()>,
    begun: Option<Step>,
}

impl<'c> Steps<'c> {
    pub(crate) fn of(on_step: &'c mut dyn FnMut(Step) -> ControlFlow<()>) -> Self {
        Self {
            on_step,
            begun: None,
        }
    }

    /// Tells of a step, unless it or a later one was told of.
    ///
    /// # Errors
    /// When the caller wants no more.
    pub(crate) fn begin(&mut self, step: Step) -> Result<(), RenderError> {
        if self.begun >= Some(step) {
            return Ok(());
        }
        self.begun = Some(step);
        self.tell(step)
    }

    /// Tells again of a step that is long, so that it can be stopped on its way.
    ///
    /// # Errors
    /// When the caller wants no more.
    pub(crate) fn go_on(&mut self, step: Step) -> Result<(), RenderError> {
        self.begun = self.begun.max(Some(step));
        self.tell(step)
    }

    fn tell(&mut self, step: Step) -> Result<(), RenderError> {
        match (self.on_step)(step) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RenderError::Stopped { before: step }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_once_and_none_before_it() {
        let mut told = Vec::new();
        let on_step = &mut |step| {
            told.push(step);
            ControlFlow::Continue(())
        };
        let mut steps = Steps::of(on_step);
        for step in [
            Step::Decode,
            Step::Watermark,
            Step::Decode,
            Step::Resize,
            Step::Watermark,
            Step::Encode,
        ] {
            steps.begin(step).unwrap();
        }
        assert_eq!(told, [Step::Decode, Step::Watermark, Step::Encode]);
    }
}
