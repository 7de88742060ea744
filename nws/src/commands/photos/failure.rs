//! What could not be made, told the same way by every command.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

use super::Input;

/// A photo that was not made, and why.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    pub(crate) input: Input,
    pub(crate) problem: String,
}

/// Names each, in the order of their names.
pub(crate) fn tell(failures: &mut [Failure]) {
    failures.sort();
    for Failure { input, problem } in failures {
        eprintln!("nws: {input}: {problem}");
    }
}

/// `1 photo`, `2 photos`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
