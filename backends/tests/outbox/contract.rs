//! What every implementation of the outbox promises, together with the records that it belongs to. Each promise is a
//! function; [`outbox_contract`] makes them tests.

use std::{collections::HashSet, time::Duration};

use backends::{
    Outbox, Results,
    clock::{millis, now_ms},
    outbox::{Notice, Room, Subscribed, TARGETS_MAX},
    results::{Announced, Owner},
};
use futures::future::join_all;
use schemas::{
    Context, Digest, Failure, Job, OutputFormat, Request, State, Status, Timings, recipe::Date,
};

use crate::services::unique;

pub(crate) const URL: &str = "https://example.com/hooks";
const OTHER_URL: &str = "https://example.org/";
pub(crate) const LEASE: Duration = Duration::from_secs(20);

/// Little, so that it is soon full.
pub(crate) const ROOM: Room = Room {
    notices_max: 20,
    notices_of_each: 4,
};

/// Makes a test of each promise, for the records and the outbox with [`ROOM`] that `$parts` makes. It is an expression of type
/// `(impl Results, impl Outbox, _)`; the third is kept until the test ends.
macro_rules! outbox_contract {
    ($parts:expr) => {
        $crate::contract::outbox_contract!($parts =>
            whoever_asked_is_told_the_end_once,
            every_end_is_told,
            a_job_that_ended_is_told_at_once,
            a_step_and_a_retry_are_not_told,
            two_targets_of_a_job_are_told_apart,
            a_target_that_asks_twice_is_told_once,
            a_target_hears_of_a_replayed_job_again,
            a_job_without_a_target_leaves_nothing,
            what_is_taken_is_lent,
            what_is_postponed_comes_later_and_knows_its_attempts,
            what_is_settled_does_not_come_back,
            a_target_that_was_forgotten_hears_no_more_of_the_job,
            who_asked_is_known_when_it_is_told,
            a_job_has_so_many_targets_and_no_more,
            a_job_that_ended_has_so_many_targets_and_no_more,
            whoever_has_much_waiting_leaves_as_much_room_to_the_others,
            a_newcomer_is_told_however_much_the_others_have_waiting,
            many_who_take_at_once_take_no_notice_twice,
        );
    };
    ($parts:expr => $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (results, outbox, _kept) = $parts;
                $crate::contract::$promise(&results, &outbox).await;
            }
        )+
    };
}
pub(crate) use outbox_contract;

pub(crate) async fn whoever_asked_is_told_the_end_once(results: &dyn Results, outbox: &dyn Outbox) {
    let job = job(results).await;
    assert_eq!(subscribe(outbox, &job, URL).await, Subscribed::Waits);
    assert!(take(outbox).await.is_empty());
    let state = end(results, &job, Status::Done).await;
    let told = take(outbox).await;
    assert_eq!(told.len(), 1);
    let Notice {
        id,
        url,
        state: ended,
        attempts,
        ..
    } = &told[0];
    assert_eq!((id.job, url.as_str(), *attempts), (job.id(), URL, 0));
    assert_eq!(*ended, state);
    let record = results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(id.event, record.event.id);
    assert_eq!(outbox.depth().await.unwrap(), 1);

    // As when the first answer was lost.
    results.announce(id.event.epoch, &state).await.unwrap();
    outbox.settle(id).await.unwrap();
    assert_eq!(outbox.depth().await.unwrap(), 0);
}

pub(crate) async fn every_end_is_told(results: &dyn Results, outbox: &dyn Outbox) {
    for status in [Status::Done, Status::Failed, Status::Dead] {
        let job = job(results).await;
        subscribe(outbox, &job, URL).await;
        end(results, &job, status).await;
    }
    let cancelled = job(results).await;
    subscribe(outbox, &cancelled, URL).await;
    results.cancel(&cancelled.id(), None).await.unwrap();

    let told = take(outbox).await;
    let told: HashSet<_> = told.iter().map(|notice| notice.state.status).collect();
    let all = Status::ALL.into_iter().filter(|status| status.is_final());
    assert_eq!(told, all.collect());
}

pub(crate) async fn a_job_that_ended_is_told_at_once(results: &dyn Results, outbox: &dyn Outbox) {
    let job = job(results).await;
    subscribe(outbox, &job, URL).await;
    end(results, &job, Status::Done).await;
    let first = take(outbox).await;
    outbox.settle(&first[0].id).await.unwrap();

    assert_eq!(subscribe(outbox, &job, URL).await, Subscribed::Due);
    let again = take(outbox).await;
    assert_eq!(again[0].id, first[0].id, "the same end is the same notice");
    assert_eq!(again[0].state, first[0].state);
}

pub(crate) async fn a_step_and_a_retry_are_not_told(results: &dyn Results, outbox: &dyn Outbox) {
    let job = job(results).await;
    subscribe(outbox, &job, URL).await;
    end(results, &job, Status::Processing).await;
    end(results, &job, Status::Retrying).await;
    assert!(take(outbox).await.is_empty());
    end(results, &job, Status::Done).await;
    assert_eq!(take(outbox).await.len(), 1);
}

pub(crate) async fn two_targets_of_a_job_are_told_apart(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    for url in [URL, OTHER_URL] {
        subscribe(outbox, &job, url).await;
    }
    end(results, &job, Status::Done).await;
    let told = take(outbox).await;
    let urls: HashSet<_> = told.iter().map(|notice| notice.url.as_str()).collect();
    assert_eq!(urls, HashSet::from([URL, OTHER_URL]));
    outbox.settle(&told[0].id).await.unwrap();
    assert_eq!(outbox.depth().await.unwrap(), 1);
}

pub(crate) async fn a_target_that_asks_twice_is_told_once(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    for _ in 0..2 {
        assert_eq!(subscribe(outbox, &job, URL).await, Subscribed::Waits);
    }
    end(results, &job, Status::Done).await;
    for _ in 0..2 {
        assert_eq!(subscribe(outbox, &job, URL).await, Subscribed::Due);
    }
    assert_eq!(take(outbox).await.len(), 1);
}

pub(crate) async fn a_target_hears_of_a_replayed_job_again(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    subscribe(outbox, &job, URL).await;
    end(results, &job, Status::Dead).await;
    let dead = take(outbox).await;
    outbox.settle(&dead[0].id).await.unwrap();

    admit(results, &job).await;
    end(results, &job, Status::Done).await;
    let done = take(outbox).await;
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].state.status, Status::Done);
    assert_ne!(done[0].id, dead[0].id);
}

pub(crate) async fn a_job_without_a_target_leaves_nothing(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let (asked, other) = (job(results).await, job(results).await);
    subscribe(outbox, &asked, URL).await;
    end(results, &other, Status::Done).await;
    assert_eq!(outbox.depth().await.unwrap(), 0);
    end(results, &asked, Status::Done).await;
    assert_eq!(outbox.depth().await.unwrap(), 1);
}

pub(crate) async fn what_is_taken_is_lent(results: &dyn Results, outbox: &dyn Outbox) {
    due(results, outbox).await;
    let now_ms = later_ms();
    let taken = outbox.take_due(9, now_ms, LEASE).await.unwrap();
    let lent_until_ms = now_ms + millis(LEASE);
    let before = outbox.take_due(9, lent_until_ms - 1, LEASE).await.unwrap();
    assert!(before.is_empty());
    let after = outbox.take_due(9, lent_until_ms, LEASE).await.unwrap();
    assert_eq!(after, taken);
}

pub(crate) async fn what_is_postponed_comes_later_and_knows_its_attempts(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let notice = due(results, outbox).await;
    let due_ms = later_ms() + 1000;
    outbox.postpone(&notice.id, due_ms, 3).await.unwrap();
    let before = outbox.take_due(9, due_ms - 1, LEASE).await.unwrap();
    assert!(before.is_empty());
    let again = outbox.take_due(9, due_ms, LEASE).await.unwrap();
    assert_eq!(
        again,
        [Notice {
            attempts: 3,
            ..notice
        }]
    );
}

pub(crate) async fn what_is_settled_does_not_come_back(results: &dyn Results, outbox: &dyn Outbox) {
    let notice = due(results, outbox).await;
    outbox.settle(&notice.id).await.unwrap();
    outbox.postpone(&notice.id, 0, 1).await.unwrap();
    outbox.settle(&notice.id).await.unwrap();
    let far_ms = later_ms() + millis(10 * LEASE);
    assert!(outbox.take_due(9, far_ms, LEASE).await.unwrap().is_empty());
    assert_eq!(outbox.depth().await.unwrap(), 0);
}

pub(crate) async fn a_target_that_was_forgotten_hears_no_more_of_the_job(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    for url in [URL, OTHER_URL] {
        subscribe(outbox, &job, url).await;
    }
    end(results, &job, Status::Dead).await;
    for notice in take(outbox).await {
        match notice.url.as_str() {
            URL => outbox.forget(&notice.id).await.unwrap(),
            _ => outbox.settle(&notice.id).await.unwrap(),
        }
    }
    admit(results, &job).await;
    end(results, &job, Status::Done).await;
    let told = take(outbox).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].url, OTHER_URL);
}

pub(crate) async fn a_job_has_so_many_targets_and_no_more(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    for number in 0..TARGETS_MAX {
        let url = format!("{URL}?{number}");
        assert_eq!(subscribe(outbox, &job, &url).await, Subscribed::Waits);
    }
    let one_more = subscribe(outbox, &job, URL).await;
    assert_eq!(one_more, Subscribed::TooManyTargets);
    let known = subscribe(outbox, &job, &format!("{URL}?0")).await;
    assert_eq!(known, Subscribed::Waits);
}

pub(crate) async fn who_asked_is_known_when_it_is_told(results: &dyn Results, outbox: &dyn Outbox) {
    let job = job(results).await;
    subscribe_by(outbox, &job, URL, "key:ann").await;
    subscribe(outbox, &job, OTHER_URL).await;
    end(results, &job, Status::Dead).await;
    let expected = HashSet::from([(URL, Some(Owner::new("key:ann"))), (OTHER_URL, None)]);
    let told = take(outbox).await;
    assert_eq!(owners(&told), expected);
    for notice in &told {
        outbox.settle(&notice.id).await.unwrap();
    }

    admit(results, &job).await;
    subscribe_by(outbox, &job, URL, "key:bob").await;
    end(results, &job, Status::Done).await;
    let told = take(outbox).await;
    assert_eq!(owners(&told), expected, "who asked first asked");
    for notice in &told {
        outbox.settle(&notice.id).await.unwrap();
    }

    subscribe_by(outbox, &job, URL, "key:bob").await;
    let bob = Some(Owner::new("key:bob"));
    assert_eq!(owners(&take(outbox).await), HashSet::from([(URL, bob)]));
}

fn owners(told: &[Notice]) -> HashSet<(&str, Option<Owner>)> {
    let owners = told.iter().map(|it| (it.url.as_str(), it.owner.clone()));
    owners.collect()
}

pub(crate) async fn a_job_that_ended_has_so_many_targets_and_no_more(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    for status in [Status::Done, Status::Dead] {
        let job = job(results).await;
        end(results, &job, status).await;
        for number in 0..TARGETS_MAX {
            assert_eq!(by_anybody(outbox, &job, number).await, Subscribed::Due);
        }
        let one_more = by_anybody(outbox, &job, TARGETS_MAX).await;
        assert_eq!(one_more, Subscribed::TooManyTargets);
        assert_eq!(outbox.depth().await.unwrap(), TARGETS_MAX as u64);
        assert_eq!(by_anybody(outbox, &job, 0).await, Subscribed::Due);

        for notice in take(outbox).await {
            outbox.forget(&notice.id).await.unwrap();
        }
        let one_more = by_anybody(outbox, &job, TARGETS_MAX).await;
        assert_eq!(one_more, Subscribed::Due);
        outbox.settle(&take(outbox).await[0].id).await.unwrap();
    }
}

/// Each URL is asked for by somebody else.
async fn by_anybody(outbox: &dyn Outbox, job: &Job, number: usize) -> Subscribed {
    let url = format!("{URL}?{number}");
    subscribe_by(outbox, job, &url, &format!("token:{number}")).await
}

pub(crate) async fn whoever_has_much_waiting_leaves_as_much_room_to_the_others(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    let job = job(results).await;
    wants_much(outbox, &job, 12).await;
    end(results, &job, Status::Done).await;
    let refused = Subscribed::TooManyWait {
        waiting: 12,
        limit: ROOM.notices_max - 12,
    };
    let ann = async || subscribe_by(outbox, &job, URL, "key:ann").await;
    assert_eq!(ann().await, refused);
    let bob = subscribe_by(outbox, &job, OTHER_URL, "key:bob").await;
    assert_eq!(bob, Subscribed::Due);
    assert_eq!(subscribe(outbox, &job, URL).await, Subscribed::Due);

    let told = take(outbox).await;
    let (of_ann, others): (Vec<_>, Vec<_>) = told.iter().partition(|it| it.owner == owner_ann());
    for notice in others {
        outbox.settle(&notice.id).await.unwrap();
    }
    for _ in 0..3 {
        outbox.settle(&of_ann[0].id).await.unwrap();
    }
    let refused = Subscribed::TooManyWait {
        waiting: 11,
        limit: ROOM.notices_max - 11,
    };
    assert_eq!(ann().await, refused, "one that is settled thrice is one");
    for notice in &of_ann[1..3] {
        outbox.settle(&notice.id).await.unwrap();
    }
    assert_eq!(ann().await, Subscribed::Due);
}

pub(crate) async fn a_newcomer_is_told_however_much_the_others_have_waiting(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    // At least two of them share a shard.
    let mut jobs = Vec::new();
    for _ in 0..9 {
        let job = job(results).await;
        wants_much(outbox, &job, 12).await;
        jobs.push(job);
    }
    for job in &jobs {
        end(results, job, Status::Done).await;
    }
    for (number, job) in jobs.iter().enumerate() {
        let ann = subscribe_by(outbox, job, URL, "key:ann").await;
        assert!(matches!(ann, Subscribed::TooManyWait { .. }), "{ann:?}");
        assert_eq!(by_anybody(outbox, job, 100 + number).await, Subscribed::Due);
    }
}

/// Ann names so many URLs for a job that has not ended.
async fn wants_much(outbox: &dyn Outbox, job: &Job, urls: usize) {
    for number in 0..urls {
        let url = format!("{URL}?{number}");
        let wants = subscribe_by(outbox, job, &url, "key:ann").await;
        assert_eq!(wants, Subscribed::Waits);
    }
}

fn owner_ann() -> Option<Owner> {
    Some(Owner::new("key:ann"))
}

pub(crate) async fn many_who_take_at_once_take_no_notice_twice(
    results: &dyn Results,
    outbox: &dyn Outbox,
) {
    const JOBS: usize = 40;
    for number in 0..JOBS {
        let job = job(results).await;
        by_anybody(outbox, &job, number).await;
        end(results, &job, Status::Done).await;
    }
    let now_ms = later_ms();
    let takers = (0..JOBS).map(|_| outbox.take_due(16, now_ms, LEASE));
    let taken = join_all(takers).await.into_iter().flat_map(Result::unwrap);
    let taken: Vec<_> = taken.map(|notice| notice.id).collect();
    assert_eq!(taken.len(), JOBS);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), JOBS);
}

/// A moment at which all is due that comes into being in a test.
pub(crate) fn later_ms() -> u64 {
    now_ms() + 60_000
}

pub(crate) async fn subscribe(outbox: &dyn Outbox, job: &Job, url: &str) -> Subscribed {
    let id = job.id();
    outbox.subscribe(&id, url, None, now_ms()).await.unwrap()
}

async fn subscribe_by(outbox: &dyn Outbox, job: &Job, url: &str, owner: &str) -> Subscribed {
    let (id, by) = (job.id(), Owner::new(owner));
    let subscribed = outbox.subscribe(&id, url, Some(&by), now_ms()).await;
    subscribed.unwrap()
}

/// Takes all that is due: more than there is room for, from any shard.
async fn take(outbox: &dyn Outbox) -> Vec<Notice> {
    outbox.take_due(1000, later_ms(), LEASE).await.unwrap()
}

/// A notice that is taken.
async fn due(results: &dyn Results, outbox: &dyn Outbox) -> Notice {
    let job = job(results).await;
    subscribe(outbox, &job, URL).await;
    end(results, &job, Status::Done).await;
    let first = outbox.take_due(9, now_ms(), Duration::ZERO).await.unwrap();
    first.into_iter().next().unwrap()
}

/// A job on record that no other test has.
pub(crate) async fn job(results: &dyn Results) -> Job {
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    let recipe = Request::default().resolve(&context).unwrap();
    let job = Job::new(Digest::of(unique().as_bytes()), recipe, 0);
    admit(results, &job).await;
    job
}

async fn admit(results: &dyn Results, job: &Job) {
    let state = State::queued(job.id(), Timings::default());
    results.admit(job, &state, false, None).await.unwrap();
}

/// Claims a job and tells where it stands.
pub(crate) async fn end(results: &dyn Results, job: &Job, status: Status) -> State {
    let claim = results.claim(&job.id()).await.unwrap();
    let failure = Failure {
        code: "io".to_owned(),
        message: "no luck".to_owned(),
    };
    let state = State::queued(job.id(), Timings::default()).stopped(status, failure);
    let told = results.announce(claim.epoch, &state).await.unwrap();
    assert!(matches!(told, Announced::Told(_)));
    state
}
