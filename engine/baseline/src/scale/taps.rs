//! What each source sample weighs in each sample of the result: Lanczos3, stretched to the scale.

use std::f64::consts::PI;

/// One direction of a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Source samples.
    pub(crate) samples: usize,
    /// Where the first sample of the result begins, in source samples: not always at the first one.
    pub(crate) start: f64,
    /// Source samples for each sample of the result: seldom a whole number, and not always `samples / results`.
    pub(crate) step: f64,
    /// Samples of the result.
    pub(crate) results: usize,
}

/// Weights for each result, as many for each, a multiple of two, from an even source sample on.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    first: Vec<usize>,
    weights: Vec<[i16; 2]>,
    pairs: usize,
}

/// Fractional bits of a weight.
pub(crate) const WEIGHT_BITS: u32 = 14;

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;

impl Axis {
    /// Whether each result is one source sample.
    pub(crate) fn is_identity(&self) -> bool {
        self.start == 0.0 && self.step == 1.0 && self.samples == self.results
    }

    /// Pairs of source samples that a result may need, one more for a beginning on an even sample.
    pub(crate) fn pairs_max(&self) -> usize {
        (2.0 * LOBES * self.stretch()) as usize / 2 + 2
    }

    /// The kernel covers as many more source samples as there are for a result: that is the low-pass filter.
    fn stretch(&self) -> f64 {
        self.step.max(1.0)
    }

    /// Source samples under the kernel of a result.
    fn covered(&self, result: usize) -> std::ops::Range<usize> {
        let centre = self.centre(result);
        let reach = LOBES * self.stretch();
        let first = (centre - reach).ceil().max(0.0) as usize;
        let end = (centre + reach).floor() as usize + 1;
        first..end.min(self.samples)
    }

    /// The middle of a result, where the middle of the first source sample is zero.
    ///
    /// A chroma sample that hangs over the picture's edge may have its middle behind it: it stands at the edge then.
    fn centre(&self, result: usize) -> f64 {
        let centre = self.start + (result as f64 + 0.5) * self.step;
        centre.clamp(0.0, self.samples as f64) - 0.5
    }
}

impl Taps {
    pub(crate) fn new(axis: &Axis) -> Self {
        let covered: Vec<_> = (0..axis.results)
            .map(|result| axis.covered(result))
            .collect();
        let pairs = covered
            .iter()
            .map(|range| range.end.div_ceil(2) - range.start / 2);
        let pairs = pairs.max().unwrap_or(1);
        let mut taps = Self {
            first: covered.iter().map(|range| range.start & !1).collect(),
            weights: vec![[0; 2]; pairs * axis.results],
            pairs,
        };
        let mut kernel = Vec::new();
        for (result, range) in covered.into_iter().enumerate() {
            let offset = range.start & 1;
            lanczos(axis, result, range, &mut kernel);
            let weights = taps.weights[result * pairs..][..pairs].as_flattened_mut();
            quantise(&kernel, &mut weights[offset..]);
        }
        taps
    }

    pub(crate) fn results(&self) -> usize {
        self.first.len()
    }

    /// Pairs of source samples for each result.
    pub(crate) fn pairs(&self) -> usize {
        self.pairs
    }

    /// The first source sample of a result: an even one.
    pub(crate) fn first(&self, result: usize) -> usize {
        self.first[result]
    }

    /// What the pairs of source samples from the first one on weigh in a result.
    pub(crate) fn weights(&self, result: usize) -> &[[i16; 2]] {
        &self.weights[result * self.pairs..][..self.pairs]
    }
}

/// The kernel over the source samples of `range`.
///
/// Both sines are of angles at even distances, so each is the one before turned by the same angle.
fn lanczos(axis: &Axis, result: usize, range: std::ops::Range<usize>, kernel: &mut Vec<f64>) {
    let angle_step = PI / axis.stretch();
    let angle = (range.start as f64 - axis.centre(result)) * angle_step;
    let mut inner = Turning::new(angle, angle_step);
    let mut outer = Turning::new(angle / LOBES, angle_step / LOBES);
    kernel.clear();
    kernel.extend((0..range.len()).map(|index| {
        let angle = angle + index as f64 * angle_step;
        let product = inner.next_sine() * outer.next_sine();
        if angle.abs() < 1e-6 {
            return 1.0;
        }
        LOBES * product / (angle * angle)
    }));
}

struct Turning {
    sine: f64,
    cosine: f64,
    step_sine: f64,
    step_cosine: f64,
}

impl Turning {
    fn new(angle: f64, step: f64) -> Self {
        let ((sine, cosine), (step_sine, step_cosine)) = (angle.sin_cos(), step.sin_cos());
        Self {
            sine,
            cosine,
            step_sine,
            step_cosine,
        }
    }

    fn next_sine(&mut self) -> f64 {
        let sine = self.sine;
        self.sine = sine * self.step_cosine + self.cosine * self.step_sine;
        self.cosine = self.cosine * self.step_cosine - sine * self.step_sine;
        sine
    }
}

/// Rounds to integers whose sum is exactly one: what is left goes to the largest, where it matters least.
fn quantise(kernel: &[f64], weights: &mut [i16]) {
    let unit = f64::from(1 << WEIGHT_BITS);
    let sum: f64 = kernel.iter().sum();
    let mut left = 1 << WEIGHT_BITS;
    let mut largest = 0;
    for (index, value) in kernel.iter().enumerate() {
        weights[index] = (value / sum * unit).round() as i16;
        left -= i32::from(weights[index]);
        if weights[index] > weights[largest] {
            largest = index;
        }
    }
    weights[largest] += left as i16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_result_are_one_in_sum() {
        for (samples, results) in [(1, 1), (7, 3), (100, 99), (4000, 1440), (9000, 17), (3, 40)] {
            for start in [0.0, -0.5] {
                let step = samples as f64 / results as f64;
                let taps = Taps::new(&Axis {
                    samples,
                    start: start * step,
                    step,
                    results,
                });
                for result in 0..results {
                    let weights = taps.weights(result).as_flattened();
                    let sum: i32 = weights.iter().map(|&weight| i32::from(weight)).sum();
                    assert_eq!(sum, 1 << WEIGHT_BITS, "{result} of {samples} to {results}");
                }
            }
        }
    }

    #[test]
    fn there_are_no_more_pairs_than_memory_was_counted_for() {
        for tenths in 1..400 {
            let step = f64::from(tenths) / 10.0;
            let axis = Axis {
                samples: 1000,
                start: 0.0,
                step,
                results: (1000.0 / step) as usize,
            };
            assert!(Taps::new(&axis).pairs() <= axis.pairs_max(), "{step}");
        }
    }
}
