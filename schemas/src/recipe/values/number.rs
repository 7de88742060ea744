//! Numbers as forms and messages write them.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{ValueError, quoted};

/// A JSON value that is a word or a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum WordOrNumber {
    Word(String),
    Number(serde_json::Number),
}

impl WordOrNumber {
    pub(super) fn auto() -> Self {
        Self::Word("auto".to_owned())
    }
}

/// `value / scale` as RFC 8785 writes it: no fraction where it is whole.
pub(super) fn shortest(value: u16, scale: u16) -> serde_json::Number {
    if value.is_multiple_of(scale) {
        (value / scale).into()
    } else {
        serde_json::Number::from_f64(f64::from(value) / f64::from(scale))
            .expect("a quotient of small integers is finite")
    }
}

/// The same of a number that may be below zero.
pub(super) fn shortest_signed(value: i16, scale: i16) -> serde_json::Number {
    if value % scale == 0 {
        (value / scale).into()
    } else {
        serde_json::Number::from_f64(f64::from(value) / f64::from(scale))
            .expect("a quotient of small integers is finite")
    }
}

/// A finite number.
pub(super) fn decimal(text: &str, expected: &str) -> Result<f64, ValueError> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| ValueError::new(format!("{} is not {expected}", quoted(text))))
}

/// A percentage in hundredths, of which `allowed` are taken. What is beyond them is refused before it is rounded, so that the
/// limits are those that are told.
pub(super) fn hundredths(percent: f64, allowed: RangeInclusive<u16>) -> Result<u16, ValueError> {
    let (min, max) = allowed.into_inner();
    if !(f64::from(min) / 100.0..=f64::from(max) / 100.0).contains(&percent) {
        let (from, to) = (shortest(min, 100), shortest(max, 100));
        return Err(ValueError::outside(
            format!("{percent} percent, {from} to {to} are allowed"),
            whole(percent),
            u64::from(max) / 100,
        ));
    }
    Ok((percent * 100.0).round() as u16)
}

/// The number as a limit can be told: `None` where it has a fraction or is below zero.
pub(super) fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}
