//! Work that would hold up its neighbours on an async thread.

/// Runs `work` on a thread that may block.
///
/// This is for headers and digests. What works on pixels takes a CPU permit with `Slots::run`.
#[expect(
    clippy::disallowed_methods,
    reason = "it works on no pixels: that needs a thread but no CPU permit"
)]
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
}

#[cfg(test)]
mod tests {
    #[tokio::test(flavor = "current_thread")]
    async fn work_runs_beside_the_async_thread() {
        let here = std::thread::current().id();
        let there = super::run(|| std::thread::current().id()).await;
        assert_ne!(here, there);
    }
}
