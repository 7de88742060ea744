//! How far a run is.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar for so many photos. It shows on a terminal only.
pub(crate) fn progress_bar(photos: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:20} {pos}/{len} photos, {rate}, {eta} left {wide_msg}");
    let style = style
        .expect("the template is a literal")
        .with_key("rate", write_rate);
    ProgressBar::new(photos as u64).with_style(style)
}

/// One decimal: the rate of photos is no steadier than that.
fn write_rate(state: &ProgressState, text: &mut dyn Write) {
    // A bar has no way to fail.
    let _ = write!(text, "{:.1}/s", state.per_sec());
}
