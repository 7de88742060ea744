//! Whether scans follow one another as ITU-T T.81, annex G, has it, and leave nothing out.
//!
//! Where they do not, decoders guess: they overwrite, add up or smooth. What this crate returns is never a guess.

use crate::Unsupported;

/// Values have up to ten bits, and as many are left out at most as fit into sixteen with them.
const LOW_MAX: u8 = 5;

/// The bit that each coefficient of each component is precise to, once there is a scan of it.
#[derive(Debug)]
pub(super) struct Script([[Option<u8>; 64]; 3]);

impl Default for Script {
    fn default() -> Self {
        Self([[None; 64]; 3])
    }
}

impl Script {
    /// Takes the scan of the coefficients from `first` to `last`, which were precise to the bit `high` and are to `low` then.
    /// Zero for `high` says that there has been no scan of them.
    pub(super) fn take(
        &mut self,
        component: usize,
        first: usize,
        last: usize,
        high: u8,
        low: u8,
    ) -> Result<(), Unsupported> {
        let before = (high > 0).then_some(high);
        let is_one_bit_more = high == 0 || high == low + 1;
        let coefficients = &mut self.0[component];
        let is_level_known = first == 0 || coefficients[0].is_some();
        let band = match (first, last) {
            (0, 0) => &mut coefficients[..1],
            (1..64, _) if last < 64 && first <= last => &mut coefficients[first..=last],
            _ => return Err(Unsupported::Progression),
        };
        let is_next = band.iter().all(|precision| *precision == before);
        if !(is_one_bit_more && is_level_known && is_next && low <= LOW_MAX) {
            return Err(Unsupported::Progression);
        }
        band.fill(Some(low));
        Ok(())
    }

    /// Every coefficient is as precise as it can be.
    pub(super) fn check_complete(&self, components: usize) -> Result<(), Unsupported> {
        let mut coefficients = self.0[..components].as_flattened().iter();
        let is_complete = coefficients.all(|precision| *precision == Some(0));
        is_complete.then_some(()).ok_or(Unsupported::Progression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Step = (usize, usize, u8, u8);

    fn outcome(steps: &[Step]) -> Result<(), Unsupported> {
        let mut script = Script::default();
        for &(first, last, high, low) in steps {
            script.take(0, first, last, high, low)?;
        }
        script.check_complete(1)
    }

    #[test]
    fn scans_that_add_up_are_taken() {
        for steps in [
            &[(0, 0, 0, 0), (1, 63, 0, 0)][..],
            &[(0, 0, 0, 1), (1, 63, 0, 0), (0, 0, 1, 0)],
            &[
                (0, 0, 0, 0),
                (6, 63, 0, 2),
                (1, 5, 0, 1),
                (6, 63, 2, 1),
                (1, 63, 1, 0),
            ],
        ] {
            assert_eq!(outcome(steps), Ok(()), "{steps:?}");
        }
    }

    #[test]
    fn scans_that_do_not_are_refused() {
        for steps in [
            &[(0, 0, 0, 0)][..],
            &[(1, 63, 0, 0), (0, 0, 0, 0)],
            &[(0, 63, 0, 0)],
            &[(0, 0, 0, 0), (1, 62, 0, 0)],
            &[(0, 0, 0, 0), (1, 64, 0, 0)],
            &[(0, 0, 0, 0), (5, 4, 0, 0)],
            &[(0, 0, 0, 1), (1, 63, 0, 0)],
            &[(0, 0, 0, 0), (1, 63, 0, 2), (1, 63, 2, 0)],
            &[(0, 0, 0, 0), (1, 63, 0, 0), (1, 63, 0, 0)],
            &[(0, 0, 0, 0), (1, 63, 1, 0)],
            &[(0, 0, 0, 0), (1, 30, 0, 1), (31, 63, 0, 0), (1, 63, 1, 0)],
            &[(0, 0, 0, 6), (1, 63, 0, 0)],
        ] {
            assert_eq!(outcome(steps), Err(Unsupported::Progression), "{steps:?}");
        }
    }
}
