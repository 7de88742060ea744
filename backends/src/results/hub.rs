//! Who watches what in this process. Every event arrives here once, however many watch the job.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::StreamExt as _;
use schemas::{Event, EventId, JobId};

use super::{News, Watch, WatchAll, mailbox::Mailbox};

/// The watched jobs of this process. It holds nothing for a job that nobody watches.
#[derive(Default)]
pub(super) struct Hub {
    jobs: Mutex<HashMap<JobId, Watched>>,
}

/// A place among the watchers of some jobs. Dropping it leaves.
pub(super) struct Seat {
    hub: Arc<Hub>,
    ids: Vec<JobId>,
    mailbox: Arc<Mailbox>,
}

#[derive(Default)]
struct Watched {
    mailboxes: Vec<Arc<Mailbox>>,
    newest: Option<EventId>,
}

impl Hub {
    /// Takes a seat: every event that is told of these jobs from now on will be heard. Taken before the records are read,
    /// it leaves no gap between the two.
    pub(super) fn join(self: &Arc<Self>, ids: &[JobId]) -> Seat {
        let mailbox = Arc::new(Mailbox::new(ids.len()));
        let mut jobs = self.jobs();
        for id in ids {
            let watched = jobs.entry(*id).or_default();
            watched.mailboxes.push(Arc::clone(&mailbox));
        }
        Seat {
            hub: Arc::clone(self),
            ids: ids.to_vec(),
            mailbox,
        }
    }

    /// Tells the job's watchers, unless they were told this or something newer.
    pub(super) fn tell(&self, event: &Event) {
        if let Some(watched) = self.jobs().get_mut(&event.state.job_id) {
            watched.tell(event.clone().into());
        }
    }

    /// Tells the job's watchers what they may have missed.
    pub(super) fn tell_missed(&self, history: History) {
        if let Some(watched) = self.jobs().get_mut(&history.newest.state.job_id) {
            let missed = match watched.newest {
                Some(newest) => history.since(newest),
                None => history.whole(),
            };
            missed.into_iter().for_each(|news| watched.tell(news));
        }
    }

    /// The jobs that somebody watches.
    pub(super) fn watched(&self) -> Vec<JobId> {
        self.jobs().keys().copied().collect()
    }

    fn leave(&self, id: &JobId, mailbox: &Arc<Mailbox>) {
        let mut jobs = self.jobs();
        if let Some(watched) = jobs.get_mut(id) {
            watched
                .mailboxes
                .retain(|other| !Arc::ptr_eq(other, mailbox));
            if watched.mailboxes.is_empty() {
                jobs.remove(id);
            }
        }
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Watched>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn tell(&mut self, news: News) {
        if self.newest < Some(news.event.id) {
            self.newest = Some(news.event.id);
            let news = Arc::new(news);
            for mailbox in &self.mailboxes {
                mailbox.put(Arc::clone(&news));
            }
        }
    }
}

/// What is recorded of a job's events.
pub(super) struct History {
    /// Its changes of status, oldest first, as far back as they are kept.
    pub(super) log: Vec<Event>,
    /// The newest event: the current state.
    pub(super) newest: Event,
}

impl History {
    /// What there is to tell somebody who knows `after`: the log, or a snapshot where the log does not reach back so far.
    fn since(self, after: EventId) -> Vec<News> {
        if self.reaches_back_to(after) {
            return self.whole();
        }
        let (event, snapshot) = (self.newest, true);
        vec![News { event, snapshot }]
    }

    fn whole(self) -> Vec<News> {
        let events = self.log.into_iter().chain([self.newest]);
        events.map(News::from).collect()
    }

    /// A log that begins with the job's admission is whole: what was before it, was another life.
    fn reaches_back_to(&self, after: EventId) -> bool {
        let oldest = self.log.first().unwrap_or(&self.newest).id;
        oldest <= after || (oldest.n == 0 && !self.log.is_empty())
    }
}

impl Seat {
    /// The job's events: what is recorded from after `after`, or the newest alone, then what is told.
    pub(super) fn follow(self, history: History, after: Option<EventId>) -> Watch {
        let id = history.newest.state.job_id;
        // Who claims to know more than there is knows no less than what comes.
        let told = after.min(Some(history.newest.id));
        let ended = history.newest.state.status.is_final() && told == Some(history.newest.id);
        let known = match after {
            Some(after) => history.since(after),
            None => vec![history.newest.into()],
        };
        let places = (!ended).then_some((id, told)).into_iter().collect();
        self.stream(known, places)
    }

    /// The events of all jobs of this seat: where each stands, then what is told.
    pub(super) fn follow_all(self, current: Vec<Event>) -> WatchAll {
        let places: HashMap<_, _> = current
            .iter()
            .map(|event| (event.state.job_id, None))
            .collect();
        let is_unknown = |id: &&JobId| !places.contains_key(*id);
        let unknown = self.ids.iter().filter(is_unknown).copied().collect();
        let known = current.into_iter().map(News::from).collect();
        WatchAll {
            events: self.stream(known, places),
            unknown,
        }
    }

    fn stream(self, known: Vec<News>, places: HashMap<JobId, Option<EventId>>) -> Watch {
        let follower = Follower {
            seat: self,
            known: known.into(),
            places,
        };
        futures::stream::unfold(follower, |mut follower| async {
            follower.next().await.map(|news| (news, follower))
        })
        .boxed()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        for id in &self.ids {
            self.hub.leave(id, &self.mailbox);
        }
    }
}

/// One watcher, on its way from what is known to what is told.
struct Follower {
    seat: Seat,
    known: VecDeque<News>,
    /// How far the watcher was told, for each job whose end it does not know yet.
    places: HashMap<JobId, Option<EventId>>,
}

impl Follower {
    async fn next(&mut self) -> Option<News> {
        while !self.places.is_empty() {
            let news = match self.known.pop_front() {
                Some(news) => news,
                None => Arc::unwrap_or_clone(self.seat.mailbox.take().await),
            };
            if self.goes_on_with(&news.event) {
                return Some(news);
            }
        }
        None
    }

    /// Whether the watcher was not told of this before. After an end it is told no more of the job.
    fn goes_on_with(&mut self, event: &Event) -> bool {
        let id = event.state.job_id;
        let Some(told) = self.places.get_mut(&id) else {
            return false;
        };
        if *told >= Some(event.id) {
            return false;
        }
        *told = Some(event.id);
        if event.state.status.is_final() {
            self.places.remove(&id);
            self.seat.hub.leave(&id, &self.seat.mailbox);
        }
        true
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("watched", &self.jobs().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use schemas::{Digest, State, Status, Timings};

    use super::*;

    fn id() -> JobId {
        JobId::new(Digest::of(b"job"))
    }

    fn event(n: u64, status: Status) -> Event {
        let mut state = State::queued(id(), Timings::default());
        state.status = status;
        Event {
            id: EventId { epoch: 1, n },
            state,
        }
    }

    fn history(newest: Event) -> History {
        History {
            log: vec![event(0, Status::Queued)],
            newest,
        }
    }

    async fn numbers(watch: Watch) -> Vec<u64> {
        watch.map(|news| news.event.id.n).collect().await
    }

    #[tokio::test]
    async fn nothing_is_lost_or_doubled_between_the_record_and_the_live_events() {
        let hub = Arc::new(Hub::default());
        let seat = hub.join(&[id()]);
        hub.tell(&event(1, Status::Processing));
        hub.tell(&event(2, Status::Processing));
        let watch = seat.follow(history(event(1, Status::Processing)), None);
        hub.tell(&event(3, Status::Done));
        assert_eq!(numbers(watch).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_watcher_that_fell_behind_gets_the_newest() {
        let hub = Arc::new(Hub::default());
        let mut watch = hub
            .join(&[id()])
            .follow(history(event(0, Status::Queued)), None);
        for n in 1..=1000 {
            hub.tell(&event(n, Status::Processing));
        }
        assert_eq!(watch.next().await.unwrap().event.id.n, 0);
        assert_eq!(watch.next().await.unwrap().event.id.n, 1000);
        assert!(watch.next().now_or_never().is_none(), "it waits");
        hub.tell(&event(1001, Status::Done));
        assert_eq!(numbers(watch).await, [1001]);
    }

    #[tokio::test]
    async fn watchers_that_left_are_forgotten() {
        let hub = Arc::new(Hub::default());
        let (one, other) = (hub.join(&[id()]), hub.join(&[id()]));
        drop(one);
        assert_eq!(hub.watched(), [id()]);
        drop(other.follow(history(event(0, Status::Queued)), None));
        assert!(hub.watched().is_empty());
    }

    #[tokio::test]
    async fn an_old_event_is_not_told_again_even_if_it_was_an_end() {
        let hub = Arc::new(Hub::default());
        let watch = hub
            .join(&[id()])
            .follow(history(event(2, Status::Queued)), None);
        hub.tell(&event(1, Status::Dead));
        hub.tell(&event(3, Status::Retrying));
        hub.tell(&event(3, Status::Retrying));
        hub.tell(&event(4, Status::Done));
        assert_eq!(numbers(watch).await, [2, 3, 4]);
    }

    #[tokio::test]
    async fn who_knows_an_event_gets_what_came_after() {
        let hub = Arc::new(Hub::default());
        let follow = |after: u64| {
            let after = EventId { epoch: 1, n: after };
            let history = History {
                log: vec![event(0, Status::Queued), event(1, Status::Processing)],
                newest: event(5, Status::Done),
            };
            numbers(hub.join(&[id()]).follow(history, Some(after)))
        };
        assert_eq!(follow(0).await, [1, 5]);
        assert_eq!(follow(4).await, [5]);
        assert!(follow(5).await.is_empty());
        assert!(follow(6).await.is_empty());
    }

    #[tokio::test]
    async fn the_end_reaches_even_who_claims_to_know_more() {
        let hub = Arc::new(Hub::default());
        let after = Some(EventId { epoch: 9, n: 9 });
        let watch = hub
            .join(&[id()])
            .follow(history(event(0, Status::Queued)), after);
        hub.tell(&event(1, Status::Done));
        assert_eq!(numbers(watch).await, [1]);
    }
}
