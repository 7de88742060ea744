//! Who watches what in this process. Every event arrives here once, however many watch the job.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::StreamExt as _;
use schemas::{Event, EventId, JobId};
use tokio::sync::broadcast::{
    Receiver, Sender,
    error::{RecvError, TryRecvError},
};

use super::Watch;

/// Events of one job that wait for its slowest watcher. A job has fewer, unless it is retried many times; who falls
/// behind further than this gets the newest instead.
const EVENTS_WAITING_MAX: usize = 32;

/// The watched jobs of this process. It holds nothing for a job that nobody watches.
#[derive(Default)]
pub(super) struct Hub {
    jobs: Mutex<HashMap<JobId, Watched>>,
}

/// A place among a job's watchers. Dropping it leaves.
pub(super) struct Seat {
    hub: Arc<Hub>,
    id: JobId,
    /// `None` only while it is dropped.
    events: Option<Receiver<Event>>,
}

struct Watched {
    events: Sender<Event>,
    newest: Option<EventId>,
}

impl Hub {
    /// Takes a seat: every event that is told from now on will be heard. Taken before the record is read, it leaves no
    /// gap between the two.
    pub(super) fn join(self: &Arc<Self>, id: &JobId) -> Seat {
        let mut jobs = self.jobs();
        let watched = jobs.entry(*id).or_insert_with(|| Watched {
            events: Sender::new(EVENTS_WAITING_MAX),
            newest: None,
        });
        Seat {
            hub: Arc::clone(self),
            id: *id,
            events: Some(watched.events.subscribe()),
        }
    }

    /// Tells the job's watchers, unless they were told this or something newer.
    pub(super) fn tell(&self, event: &Event) {
        let mut jobs = self.jobs();
        let Some(watched) = jobs.get_mut(&event.state.job_id) else {
            return;
        };
        if watched.newest < Some(event.id) {
            watched.newest = Some(event.id);
            // Nobody may be left; then the last seat is just being given up.
            let _ = watched.events.send(event.clone());
        }
    }

    /// The jobs that somebody watches.
    pub(super) fn watched(&self) -> Vec<JobId> {
        self.jobs().keys().copied().collect()
    }

    fn leave(&self, id: &JobId) {
        let mut jobs = self.jobs();
        if jobs
            .get(id)
            .is_some_and(|watched| watched.events.receiver_count() == 0)
        {
            jobs.remove(id);
        }
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Watched>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is recorded of a job's events.
pub(super) struct History {
    /// Its changes of status, oldest first, as far back as they are kept.
    pub(super) log: Vec<Event>,
    /// The newest event: the current state.
    pub(super) newest: Event,
}

impl Seat {
    /// The job's events: what is recorded from after `after`, or the newest alone, then what is told.
    pub(super) fn follow(self, history: History, after: Option<EventId>) -> Watch {
        let History { log, newest } = history;
        // Who claims to know more than there is knows no less than what comes.
        let last = after.min(Some(newest.id));
        let ended = newest.state.status.is_final() && last == Some(newest.id);
        let mut known = VecDeque::new();
        if after.is_some() {
            known.extend(log);
        }
        known.push_back(newest);
        let follower = Follower {
            seat: self,
            known,
            last,
            ended,
        };
        futures::stream::unfold(follower, |mut follower| async {
            follower.next().await.map(|event| (event, follower))
        })
        .boxed()
    }

    /// The next event that was told, or the newest where this seat fell behind.
    async fn hear(&mut self) -> Option<Event> {
        let events = self.events.as_mut()?;
        loop {
            match events.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    if let Some(event) = newest(events) {
                        return Some(event);
                    }
                }
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.events = None;
        self.hub.leave(&self.id);
    }
}

fn newest(events: &mut Receiver<Event>) -> Option<Event> {
    let mut newest = None;
    loop {
        match events.try_recv() {
            Ok(event) => newest = Some(event),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return newest,
        }
    }
}

/// One watcher, on its way from what is known to what is told.
struct Follower {
    seat: Seat,
    known: VecDeque<Event>,
    last: Option<EventId>,
    ended: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let event = match self.known.pop_front() {
                Some(event) => event,
                None => self.seat.hear().await?,
            };
            if self.last < Some(event.id) {
                self.last = Some(event.id);
                self.ended = event.state.status.is_final();
                return Some(event);
            }
        }
        None
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
        watch.map(|event| event.id.n).collect().await
    }

    #[tokio::test]
    async fn nothing_is_lost_or_doubled_between_the_record_and_the_live_events() {
        let hub = Arc::new(Hub::default());
        let seat = hub.join(&id());
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
            .join(&id())
            .follow(history(event(0, Status::Queued)), None);
        for n in 1..=1000 {
            hub.tell(&event(n, Status::Processing));
        }
        assert_eq!(watch.next().await.unwrap().id.n, 0);
        assert_eq!(watch.next().await.unwrap().id.n, 1000);
        assert!(watch.next().now_or_never().is_none(), "it waits");
        hub.tell(&event(1001, Status::Done));
        assert_eq!(numbers(watch).await, [1001]);
    }

    #[tokio::test]
    async fn watchers_that_left_are_forgotten() {
        let hub = Arc::new(Hub::default());
        let (one, other) = (hub.join(&id()), hub.join(&id()));
        drop(one);
        assert_eq!(hub.watched(), [id()]);
        drop(other.follow(history(event(0, Status::Queued)), None));
        assert!(hub.watched().is_empty());
    }

    #[tokio::test]
    async fn an_old_event_is_not_told_again_even_if_it_was_an_end() {
        let hub = Arc::new(Hub::default());
        let watch = hub
            .join(&id())
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
            numbers(hub.join(&id()).follow(history, Some(after)))
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
            .join(&id())
            .follow(history(event(0, Status::Queued)), after);
        hub.tell(&event(1, Status::Done));
        assert_eq!(numbers(watch).await, [1]);
    }
}
