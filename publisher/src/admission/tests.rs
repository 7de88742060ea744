use backends::error::Cause;

use super::*;

const LIMITS: Limits = Limits {
    depth_max: 100,
    age_max_secs: 1000,
    sample_age_max: Duration::from_secs(9),
};

/// A world in which all is well.
fn well(began: Instant) -> Sample {
    Sample {
        began,
        queue_takes: true,
        objects_take: Some(true),
        depth: Some(0),
        oldest_age: None,
    }
}

fn depth(depth: u64) -> Sample {
    Sample {
        depth: Some(depth),
        ..well(Instant::now())
    }
}

fn age_secs(age_secs: u64) -> Sample {
    Sample {
        oldest_age: Some(Duration::from_secs(age_secs)),
        ..depth(1)
    }
}

fn judged(sample: &Sample, before: Option<Refusal>) -> Option<Refusal> {
    judge(sample, &LIMITS, before)
}

fn gate() -> Gate {
    Gate {
        limits: LIMITS,
        seen: Mutex::default(),
        records: watch::Sender::new(true),
    }
}

fn failure(backend: Backend) -> Error {
    Error::new(backend, "put", Cause::Timeout(Duration::ZERO))
}

#[test]
fn a_queue_at_its_limits_takes_uploads_and_beyond_them_none() {
    assert_eq!(judged(&depth(100), None), None);
    assert_eq!(judged(&age_secs(1000), None), None);
    let too_deep = Refusal::QueueDeep {
        depth: 101,
        depth_max: 100,
    };
    assert_eq!(judged(&depth(101), None), Some(too_deep));
    let too_old = Refusal::QueueOld {
        age_secs: 1001,
        age_max_secs: 1000,
    };
    assert_eq!(judged(&age_secs(1001), None), Some(too_old));
}

#[test]
fn a_queue_that_was_refused_takes_uploads_again_well_below_its_limit() {
    let deep = judged(&depth(101), None);
    assert!(judged(&depth(91), deep).is_some());
    assert_eq!(judged(&depth(90), deep), None);
    let old = judged(&age_secs(1001), None);
    assert!(judged(&age_secs(901), old).is_some());
    assert_eq!(judged(&age_secs(900), old), None);
}

#[test]
fn nobody_waits_in_an_empty_queue() {
    let purged = Sample {
        depth: Some(0),
        ..age_secs(5000)
    };
    assert_eq!(judged(&purged, None), None);
}

#[test]
fn what_is_not_known_refuses_nobody() {
    let now = Instant::now();
    let blind = Sample {
        depth: None,
        oldest_age: None,
        objects_take: None,
        ..well(now)
    };
    assert_eq!(judged(&blind, None), None);
    assert_eq!(gate().pass(now), Ok(()), "no sample yet");
}

#[test]
fn a_sample_that_is_too_old_says_nothing() {
    let (gate, now) = (gate(), Instant::now());
    gate.take(&Sample {
        queue_takes: false,
        ..well(now)
    });
    let last = now + LIMITS.sample_age_max;
    assert_eq!(gate.pass(last), Err(Refusal::QueueAway));
    assert_eq!(gate.pass(last + Duration::from_millis(1)), Ok(()));
}

#[test]
fn a_failed_call_closes_the_gate_until_a_later_look_is_good() {
    for (backend, refusal) in [
        (Backend::Queue, Refusal::QueueAway),
        (Backend::Objects, Refusal::ObjectsAway),
    ] {
        let gate = gate();
        let before = Instant::now();
        gate.failed(&failure(backend));
        let now = Instant::now();
        assert_eq!(gate.pass(now), Err(refusal));
        gate.take(&well(before));
        assert_eq!(gate.pass(now), Err(refusal), "that look began before");
        gate.take(&well(now + Duration::from_millis(1)));
        assert_eq!(gate.pass(now), Ok(()));
    }
}

#[test]
fn records_that_fail_close_nothing() {
    let gate = gate();
    gate.failed(&failure(Backend::Results));
    assert_eq!(gate.pass(Instant::now()), Ok(()));
}

#[test]
fn records_that_were_away_are_in_doubt_for_a_while() {
    let (gate, now) = (gate(), Instant::now());
    assert!(!gate.doubts_records_at(now));
    let answered = |began| Sample {
        oldest_age: Some(Duration::ZERO),
        ..well(began)
    };
    gate.take(&answered(now));
    assert!(!gate.doubts_records_at(now));
    gate.take(&Sample {
        oldest_age: None,
        ..well(now)
    });
    gate.take(&answered(now + Duration::from_secs(1)));
    assert!(gate.doubts_records_at(now + DOUBT_MAX));
    assert!(!gate.doubts_records_at(now + DOUBT_MAX + Duration::from_millis(1)));
    gate.failed(&failure(Backend::Results));
    assert!(gate.doubts_records_at(Instant::now()));
}

#[test]
fn the_largest_limit_does_not_overflow() {
    assert_eq!(bound(u64::MAX, false), u64::MAX);
    assert!(bound(u64::MAX, true) < u64::MAX);
    assert_eq!(bound(10, true), 9);
}

#[test]
fn the_queue_is_told_as_it_was_seen_while_that_says_something() {
    let (gate, now) = (gate(), Instant::now());
    assert_eq!(gate.queue(now), QueueStats::default());
    gate.take(&Sample {
        began: now,
        ..age_secs(7)
    });
    let seen = QueueStats {
        depth: Some(1),
        oldest_age_ms: Some(7000),
    };
    assert_eq!(gate.queue(now), seen);
    let old = now + LIMITS.sample_age_max + Duration::from_secs(1);
    assert_eq!(gate.queue(old), QueueStats::default());
}

#[test]
fn in_an_empty_queue_nobody_is_told_to_wait() {
    let (gate, now) = (gate(), Instant::now());
    gate.take(&Sample {
        oldest_age: Some(Duration::from_secs(7)),
        ..well(now)
    });
    assert_eq!(gate.queue(now).oldest_age_ms, Some(0));
}
