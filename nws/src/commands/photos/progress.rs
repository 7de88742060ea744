//! How far a run is.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for so many photos. It shows on a terminal only.
pub(crate) fn progress_bar(photos: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} photos, {per_sec}, {eta} left {msg}");
    ProgressBar::new(photos as u64).with_style(style.expect("the template is a literal"))
}
