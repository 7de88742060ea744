//! What every queue promises of its dead letters.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use schemas::JobId;

use super::{PATIENCE, Subject, attempt, bury, done, job, receive, receiver, retry, send, within};
use crate::{
    clock::now_ms,
    queue::{
        Burials, CRASHES_MAX, Death, Reason,
        dead::{Burial, Found, Letter, Look},
    },
};

pub(in crate::queue) async fn a_letter_tells_why_it_lies_there(subject: &dyn Subject) {
    let before_ms = now_ms();
    one_that_died_in_its_second_attempt(subject).await;

    let letter = one_letter(subject).await;
    let id = job(1).id();
    assert_eq!(
        (letter.id.as_str(), letter.job_id),
        (&*id.to_string(), Some(id))
    );
    assert_eq!(letter.reason, Death::Buried(Reason::AttemptsSpent));
    assert_eq!((letter.attempt, letter.crashes), (2, 0));
    assert_eq!(letter.history, [attempt(1, Some(0)), attempt(2, None)]);
    assert_eq!(letter.size_bytes, job(1).to_json().len() as u64);
    let dead_at_ms = letter.dead_at_ms.unwrap();
    assert!((before_ms..=now_ms()).contains(&dead_at_ms), "{dead_at_ms}");
}

/// Twenty looks would be too many for a broker that counts them as it counts crashes.
pub(in crate::queue) async fn sixty_looks_lose_nothing(subject: &dyn Subject) {
    bury_jobs(subject, 0..3).await;
    for look in 0..60 {
        let found = until_found(subject, 3).await;
        // Every other one dies as its process does.
        if look % 2 == 0 {
            within(found.look.end()).await.unwrap();
        }
    }
    assert_eq!(
        jobs(&letters(subject, 3).await),
        [0, 1, 2].map(|number| job(number).id()).into()
    );
}

pub(in crate::queue) async fn a_replayed_letter_is_a_first_attempt_with_its_history(
    subject: &dyn Subject,
) {
    one_that_died_in_its_second_attempt(subject).await;
    let mut found = until_found(subject, 1).await;
    let letter = found.letters.remove(0);
    within(letter.send()).await.unwrap();

    let mut receiver = receiver(subject).await;
    let again = receive(&mut receiver).await;
    assert_eq!(again.job().unwrap(), job(1));
    assert_eq!(again.message_id, Some(job(1).id().to_string()));
    assert_eq!((again.attempt, again.crashes), (1, 0));
    assert_eq!(again.history, [attempt(1, Some(0)), attempt(2, None)]);

    // Whoever dies between the two has sent it once too often, and lost nothing.
    within(found.look.end()).await.unwrap();
    one_letter(subject).await;
    bury(again, Reason::CrashLoop).await;
    let both = letters(subject, 2).await;
    let reasons: Vec<_> = both.iter().map(|letter| letter.reason).collect();
    let expected = [Reason::AttemptsSpent, Reason::CrashLoop].map(Death::Buried);
    assert_eq!(reasons, expected, "a second death has marks of its own");
}

pub(in crate::queue) async fn a_removed_letter_is_gone_and_its_neighbours_stay(
    subject: &dyn Subject,
) {
    bury_jobs(subject, 0..3).await;
    let mut found = until_found(subject, 3).await;
    found
        .letters
        .sort_by_key(|found| found.letter.job_id != Some(job(1).id()));
    within(found.letters.remove(0).remove()).await.unwrap();
    within(found.look.end()).await.unwrap();
    assert_eq!(
        jobs(&letters(subject, 2).await),
        [0, 2].map(|number| job(number).id()).into()
    );
}

pub(in crate::queue) async fn what_dies_during_a_look_is_for_the_next_one(subject: &dyn Subject) {
    bury_jobs(subject, [1]).await;
    let mut found = until_found(subject, 1).await;
    bury_jobs(subject, [2]).await;
    assert!(within(found.look.next()).await.unwrap().is_none());
    assert_eq!(found.look.letters(), 1);
    within(found.look.end()).await.unwrap();
    letters(subject, 2).await;
}

pub(in crate::queue) async fn looks_that_end_early_lose_nothing(subject: &dyn Subject) {
    bury_jobs(subject, 0..5).await;
    letters(subject, 5).await;
    for _ in 0..6 {
        let mut look = until_counted(subject, 5).await;
        for _ in 0..2 {
            within(look.next()).await.unwrap().expect("a letter");
        }
        within(look.end()).await.unwrap();
    }
    letters(subject, 5).await;
}

pub(in crate::queue) async fn what_is_no_job_is_replayed_as_it_is(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    subject.put(Some("a name of its own"), b"not a job").await;
    bury(receive(&mut receiver).await, Reason::Undecodable).await;
    let mut found = until_found(subject, 1).await;
    let letter = found.letters.remove(0);
    assert_eq!(
        (letter.letter.id.as_str(), letter.letter.job_id),
        ("a name of its own", None)
    );
    assert!(letter.job().is_err());
    within(letter.send()).await.unwrap();
    within(letter.remove()).await.unwrap();
    let again = receive(&mut receiver).await;
    assert_eq!(again.message_id.as_deref(), Some("a name of its own"));
    assert_eq!(again.body, &b"not a job"[..]);
    done(again).await;
    within(found.look.end()).await.unwrap();
}

pub(in crate::queue) async fn what_the_queue_buries_is_news_until_it_was_told(
    subject: &dyn Subject,
) {
    let mut burials = within(subject.source().burials()).await.unwrap();
    bury_jobs(subject, [1]).await;
    crash_until_buried(subject, 2).await;

    drop(next(&mut burials).await);
    let again = next(&mut burials).await;
    let Letter {
        reason,
        crashes,
        job_id,
        ..
    } = again.letter;
    assert_eq!(
        job_id,
        Some(job(2).id()),
        "a worker tells of its own burials"
    );
    assert_eq!((reason, crashes), (Death::DeliveryLimit, CRASHES_MAX + 1));
    within(again.told()).await.unwrap();

    crash_until_buried(subject, 3).await;
    let next = next(&mut burials).await;
    assert_eq!(next.letter.job_id, Some(job(3).id()));
    within(next.told()).await.unwrap();
    letters(subject, 3).await;
}

/// A look in which everything was found.
struct Everything {
    look: Box<dyn Look>,
    letters: Vec<Found>,
}

/// A look that has just begun, once so many letters are back.
async fn until_counted(subject: &dyn Subject, letters: u64) -> Box<dyn Look> {
    let began = Instant::now();
    loop {
        let look = within(subject.letters().look()).await.unwrap();
        if look.letters() == letters {
            return look;
        }
        assert!(began.elapsed() < PATIENCE, "{} are back", look.letters());
        within(look.end()).await.unwrap();
    }
}

/// The only letter, once it is there.
pub(super) async fn one_letter(subject: &dyn Subject) -> Letter {
    letters(subject, 1).await.remove(0)
}

/// The letters, once there are so many.
pub(in crate::queue) async fn letters(subject: &dyn Subject, letters: usize) -> Vec<Letter> {
    let found = until_found(subject, letters).await;
    within(found.look.end()).await.unwrap();
    found
        .letters
        .into_iter()
        .map(|found| found.letter)
        .collect()
}

/// Looks until there are so many letters: a broker buries a moment later, and so it puts back what was looked at.
async fn until_found(subject: &dyn Subject, letters: usize) -> Everything {
    let began = Instant::now();
    loop {
        let found = everything(subject).await;
        assert!(found.letters.len() <= letters, "{:?}", found.letters);
        if found.letters.len() == letters {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", found.letters);
        within(found.look.end()).await.unwrap();
    }
}

async fn everything(subject: &dyn Subject) -> Everything {
    let mut look = within(subject.letters().look()).await.unwrap();
    let mut letters = Vec::new();
    while let Some(found) = within(look.next()).await.unwrap() {
        letters.push(found);
    }
    Everything { look, letters }
}

fn jobs(letters: &[Letter]) -> HashSet<JobId> {
    letters.iter().filter_map(|letter| letter.job_id).collect()
}

async fn next(burials: &mut Box<dyn Burials>) -> Burial {
    within(burials.next()).await.unwrap()
}

async fn one_that_died_in_its_second_attempt(subject: &dyn Subject) {
    let mut receiver = receiver(subject).await;
    send(subject, [1]).await;
    retry(receive(&mut receiver).await, Duration::ZERO).await;
    bury(receive(&mut receiver).await, Reason::AttemptsSpent).await;
}

async fn bury_jobs(subject: &dyn Subject, numbers: impl IntoIterator<Item = u8>) {
    let mut receiver = receiver(subject).await;
    for number in numbers {
        send(subject, [number]).await;
        bury(receive(&mut receiver).await, Reason::AttemptsSpent).await;
    }
    // Dropped, it could be sent the next job still and hand it back, which brokers before 4.3 count as a crash.
    assert!(within(receiver.stop()).await.is_none());
}

/// Lets every worker die that takes the job of this number.
async fn crash_until_buried(subject: &dyn Subject, number: u8) {
    let mut receiver = receiver(subject).await;
    send(subject, [number]).await;
    for crashes in 0..=CRASHES_MAX {
        assert_eq!(receive(&mut receiver).await.crashes, crashes);
    }
}
