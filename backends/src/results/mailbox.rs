//! What waits for one watcher. It is bounded however slow the watcher is, and however many jobs it watches.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use schemas::JobId;
use tokio::sync::Notify;

use super::News;

/// News that wait for a watcher beyond one for each of its jobs. A job has fewer, unless it is retried many times; who
/// falls behind further than this gets only the newest of each job until it has caught up.
const NEWS_WAITING_MAX: usize = 32;

/// A watcher's news, in the order in which they came.
pub(super) struct Mailbox {
    inside: Mutex<Inside>,
    arrived: Notify,
}

struct Inside {
    waiting: VecDeque<Arc<News>>,
    waiting_max: usize,
    /// Whether the watcher fell behind and has not caught up yet.
    is_behind: bool,
}

impl Mailbox {
    /// An empty mailbox of somebody who watches so many jobs.
    pub(super) fn new(jobs: usize) -> Self {
        Self {
            inside: Mutex::new(Inside {
                waiting: VecDeque::new(),
                waiting_max: jobs + NEWS_WAITING_MAX,
                is_behind: false,
            }),
            arrived: Notify::new(),
        }
    }

    pub(super) fn put(&self, news: Arc<News>) {
        self.inside().put(news);
        self.arrived.notify_one();
    }

    /// The next news, however long they take. A caller that stops waiting loses none.
    pub(super) async fn take(&self) -> Arc<News> {
        loop {
            if let Some(news) = self.inside().take() {
                return news;
            }
            self.arrived.notified().await;
        }
    }

    /// No code of ours panics while it holds this.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn put(&mut self, news: Arc<News>) {
        if self.is_behind {
            let job = job_of(&news);
            self.waiting.retain(|waiting| job_of(waiting) != job);
        } else if self.waiting.len() == self.waiting_max {
            self.is_behind = true;
            self.waiting.push_back(news);
            self.keep_the_newest_of_each_job();
            return;
        }
        self.waiting.push_back(news);
    }

    fn take(&mut self) -> Option<Arc<News>> {
        let next = self.waiting.pop_front();
        self.is_behind &= !self.waiting.is_empty();
        next
    }

    fn keep_the_newest_of_each_job(&mut self) {
        let mut seen = HashSet::new();
        let newest_first = self.waiting.drain(..).rev();
        let kept: VecDeque<_> = newest_first
            .filter(|news| seen.insert(job_of(news)))
            .collect();
        self.waiting.extend(kept.into_iter().rev());
    }
}

fn job_of(news: &News) -> JobId {
    news.event.state.job_id
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use schemas::{Digest, Event, EventId, State, Timings};

    use super::*;

    fn news(job: u64, n: u64) -> Arc<News> {
        let id = JobId::new(Digest::of(&job.to_le_bytes()));
        let event = Event {
            id: EventId { epoch: 1, n },
            state: State::queued(id, Timings::default()),
        };
        Arc::new(event.into())
    }

    fn waiting(mailbox: &Mailbox) -> usize {
        mailbox.inside().waiting.len()
    }

    #[tokio::test]
    async fn news_come_in_their_order() {
        let mailbox = Mailbox::new(2);
        for (job, n) in [(1, 1), (2, 1), (1, 2)] {
            mailbox.put(news(job, n));
        }
        for (job, n) in [(1, 1), (2, 1), (1, 2)] {
            assert_eq!(mailbox.take().await, news(job, n));
        }
        assert!(mailbox.take().now_or_never().is_none(), "it waits");
    }

    #[tokio::test]
    async fn who_falls_behind_is_kept_the_newest_of_each_job() {
        let mailbox = Mailbox::new(3);
        mailbox.put(news(0, 1));
        for n in 1..=1000 {
            mailbox.put(news(1 + n % 2, n));
            assert!(waiting(&mailbox) <= 3 + NEWS_WAITING_MAX);
        }
        for expected in [news(0, 1), news(2, 999), news(1, 1000)] {
            assert_eq!(mailbox.take().await, expected);
        }
        assert_eq!(waiting(&mailbox), 0);
    }

    #[tokio::test]
    async fn who_has_caught_up_gets_everything_again() {
        let mailbox = Mailbox::new(1);
        for n in 0..100 {
            mailbox.put(news(1, n));
        }
        assert_eq!(mailbox.take().await, news(1, 99));
        for n in 100..103 {
            mailbox.put(news(1, n));
        }
        assert_eq!(waiting(&mailbox), 3);
    }
}
