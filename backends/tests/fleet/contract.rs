//! What every implementation of the fleet promises. Each promise is a function; [`fleet_contract`] makes them tests.

use std::time::Duration;

use backends::{
    Fleet,
    error::Cause,
    fleet::{Heartbeat, SILENCE_MAX, Tally, WORKERS_MAX, WorkerId},
};
use futures::future::join_all;
use schemas::{Status, Step, Timings};
use tokio::time::{interval, timeout};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a test of each promise, for the fleet that `$fleet` makes.
macro_rules! fleet_contract {
    ($fleet:expr) => {
        $crate::contract::fleet_contract!($fleet =>
            a_worker_that_speaks_is_alive_with_all_it_said,
            a_later_word_takes_the_place_of_the_one_before,
            two_workers_of_one_name_are_two,
            who_leaves_is_gone_at_once,
            a_worker_that_is_silent_for_too_long_is_not_alive,
            one_worker_more_than_are_remembered_is_refused,
        );
    };
    ($fleet:expr => $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                $crate::contract::$promise(&$fleet).await;
            }
        )+
    };
}
pub(crate) use fleet_contract;

pub(crate) async fn a_worker_that_speaks_is_alive_with_all_it_said(fleet: &dyn Fleet) {
    assert!(heard(fleet).await.is_empty());
    let (mut said, mut timings) = (heartbeat(1), Timings::default());
    timings.set(Step::Total, Duration::from_millis(210));
    said.tally.count(Status::Done, &timings);
    fleet.beat(&said).await.unwrap();
    assert_eq!(heard(fleet).await, [said]);
}

pub(crate) async fn a_later_word_takes_the_place_of_the_one_before(fleet: &dyn Fleet) {
    fleet.beat(&heartbeat(1)).await.unwrap();
    let draining = Heartbeat {
        draining: true,
        ..heartbeat(1)
    };
    fleet.beat(&draining).await.unwrap();
    assert_eq!(heard(fleet).await, [draining]);
}

pub(crate) async fn two_workers_of_one_name_are_two(fleet: &dyn Fleet) {
    let both = [heartbeat(1), heartbeat(2)];
    for one in &both {
        fleet.beat(one).await.unwrap();
    }
    assert_eq!(heard(fleet).await, both);
}

pub(crate) async fn who_leaves_is_gone_at_once(fleet: &dyn Fleet) {
    let (goes, stays) = (heartbeat(1), heartbeat(2));
    fleet.beat(&goes).await.unwrap();
    fleet.beat(&stays).await.unwrap();
    fleet.leave(&goes.id).await.unwrap();
    assert_eq!(heard(fleet).await, [stays]);
    fleet.leave(&goes.id).await.unwrap(); // as when the first answer was lost
}

pub(crate) async fn a_worker_that_is_silent_for_too_long_is_not_alive(fleet: &dyn Fleet) {
    fleet.beat(&heartbeat(1)).await.unwrap();
    let mut turns = interval(Duration::from_millis(5));
    let silent = async {
        while !fleet
            .alive(Duration::from_millis(20))
            .await
            .unwrap()
            .is_empty()
        {
            turns.tick().await;
        }
    };
    timeout(PATIENCE, silent).await.expect("its word grows old");
    let known = fleet.alive(SILENCE_MAX).await.unwrap();
    assert!(known[0].age > Duration::from_millis(20), "{known:?}");
}

pub(crate) async fn one_worker_more_than_are_remembered_is_refused(fleet: &dyn Fleet) {
    let all: Vec<_> = (0..=WORKERS_MAX as u64).map(heartbeat).collect();
    let (one_more, all) = all.split_last().unwrap();
    for beat in join_all(all.iter().map(|one| fleet.beat(one))).await {
        beat.unwrap();
    }
    let refused = fleet.beat(one_more).await.unwrap_err();
    assert!(matches!(refused.cause, Cause::Refused(_)), "{refused}");
    fleet.beat(&all[0]).await.unwrap(); // who is known may speak on
    fleet.leave(&all[0].id).await.unwrap();
    fleet.beat(one_more).await.unwrap();
}

/// What is remembered of everybody, by id.
async fn heard(fleet: &dyn Fleet) -> Vec<Heartbeat> {
    let alive = fleet.alive(SILENCE_MAX).await.unwrap();
    let mut heard: Vec<_> = alive.into_iter().map(|alive| alive.heartbeat).collect();
    heard.sort_by(|one, other| one.id.cmp(&other.id));
    heard
}

pub(crate) fn heartbeat(id: u64) -> Heartbeat {
    Heartbeat {
        id: WorkerId::new(id),
        name: "forge \"1\"".to_owned(),
        slots: 2,
        busy: 1,
        started_at_ms: 1_795_201_655_000,
        draining: false,
        tally: Tally::default(),
    }
}
