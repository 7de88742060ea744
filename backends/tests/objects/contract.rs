//! What every object store promises. Each promise is a function; [`object_store_contract`] makes them tests.

use std::{
    io::Write as _,
    ops::Range,
    time::{Duration, SystemTime},
};

use backends::{
    Error, Key, ObjectStore,
    error::Cause,
    objects::{
        Body, IN_FLIGHT_BYTES_MAX, IN_MEMORY_BYTES_MAX, Kind, Meta, Object, PAGE_OBJECTS_MAX,
    },
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, future::join_all};
use schemas::{Digest, JobId};
use tempfile::NamedTempFile;
use tokio::time::timeout;

use crate::services::unique;

/// Above any object of these tests.
pub(crate) const PLENTY: u64 = 64 * 1024 * 1024;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a test of each promise, for the store that `$store` makes. It is an expression of type `(impl ObjectStore, _)`;
/// the second is kept until the test ends.
macro_rules! object_store_contract {
    ($store:expr) => {
        $crate::contract::object_store_contract!($store =>
            what_was_put_is_read,
            an_object_of_every_kind_has_a_place,
            a_file_is_read_as_its_bytes,
            the_same_file_may_be_put_twice,
            a_later_put_replaces_an_earlier_one,
            an_object_over_the_limit_is_refused_with_both_numbers,
            an_object_of_exactly_the_limit_is_read,
            an_object_is_opened_and_read_piece_by_piece,
            a_range_of_an_object_is_read,
            a_range_that_is_not_there_is_refused,
            nothing_and_what_is_missing_can_be_opened,
            who_stops_reading_holds_up_nobody,
            head_says_length_and_age,
            what_is_missing_is_none,
            a_deleted_object_is_gone_and_may_be_deleted_again,
            readers_see_one_of_two_puts_and_never_a_mixture,
            an_empty_object_is_an_object,
            an_object_of_25_mib_is_whole,
            storing_it_again_makes_it_young,
            every_object_is_listed_once_with_its_age,
            a_store_that_works_says_so,
        );
    };
    ($store:expr => $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (store, _kept) = $store;
                $crate::contract::$promise(&store).await;
            }
        )+
    };
}
pub(crate) use object_store_contract;

pub(crate) async fn what_was_put_is_read(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(1000);
    for key in [original_of(&bytes), result_key()] {
        put(store, &key, &bytes).await;
        assert_eq!(get(store, &key).await, Some(bytes.clone()));
    }
}

pub(crate) async fn an_object_of_every_kind_has_a_place(store: &dyn ObjectStore) {
    let bytes = Bytes::from(unique());
    let digest = Digest::of(&bytes);
    let id = JobId::new(digest);
    for key in [
        Key::Original(digest),
        Key::Logo(digest),
        Key::Result(id),
        Key::Accepted(id),
    ] {
        put(store, &key, &bytes).await;
        assert_eq!(get(store, &key).await, Some(bytes.clone()), "{key}");
    }
}

pub(crate) async fn a_file_is_read_as_its_bytes(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(300_000);
    let file = file_of(&bytes);
    for key in [original_of(&bytes), result_key()] {
        put_file(store, &key, &file).await;
        assert_eq!(get(store, &key).await, Some(bytes.clone()));
    }
    assert_eq!(std::fs::read(file.path()).unwrap(), bytes, "the file stays");
}

pub(crate) async fn the_same_file_may_be_put_twice(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(1000);
    let key = original_of(&bytes);
    let file = file_of(&bytes);
    put_file(store, &key, &file).await;
    put_file(store, &key, &file).await;
    drop(file);
    assert_eq!(get(store, &key).await, Some(bytes));
}

pub(crate) async fn a_later_put_replaces_an_earlier_one(store: &dyn ObjectStore) {
    let (key, earlier, later) = (result_key(), bytes_of_our_own(2000), bytes_of_our_own(10));
    put(store, &key, &earlier).await;
    put(store, &key, &later).await;
    assert_eq!(get(store, &key).await, Some(later));
}

pub(crate) async fn an_object_over_the_limit_is_refused_with_both_numbers(store: &dyn ObjectStore) {
    let key = result_key();
    put(store, &key, &bytes_of_our_own(1001)).await;
    let error = store.get(&key, 1000).await.unwrap_err();
    let both = Cause::TooLong {
        size_bytes: 1001,
        size_bytes_max: 1000,
    };
    assert_eq!(format!("{:?}", error.cause), format!("{both:?}"));
    let text = error.to_string();
    assert!(text.contains("1001") && text.contains("1000"), "{text}");
}

pub(crate) async fn an_object_of_exactly_the_limit_is_read(store: &dyn ObjectStore) {
    let (key, bytes) = (result_key(), bytes_of_our_own(1000));
    put(store, &key, &bytes).await;
    assert_eq!(store.get(&key, 1000).await.unwrap(), Some(bytes));
}

pub(crate) async fn an_object_is_opened_and_read_piece_by_piece(store: &dyn ObjectStore) {
    for (length, pieces_min) in [(1000, 1), (5 * 1024 * 1024, 5)] {
        let bytes = bytes_of_our_own(length);
        for key in [original_of(&bytes), result_key()] {
            put(store, &key, &bytes).await;
            let object = open(store, &key, None).await;
            assert_eq!(object.size_bytes, length as u64);
            assert!(object.held_bytes <= IN_MEMORY_BYTES_MAX);
            assert!(
                object
                    .sha256
                    .is_none_or(|sha256| sha256 == Digest::of(&bytes))
            );
            let pieces: Vec<Bytes> = object.pieces.try_collect().await.unwrap();
            assert!(pieces.len() >= pieces_min, "{} pieces", pieces.len());
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.len() as u64 <= IN_FLIGHT_BYTES_MAX)
            );
            assert_eq!(pieces.concat(), bytes);
        }
    }
}

pub(crate) async fn a_range_of_an_object_is_read(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(700_000);
    for key in [original_of(&bytes), result_key()] {
        put(store, &key, &bytes).await;
        for (range, expected) in [
            (0..1, 0..1),
            (1000..600_000, 1000..600_000),
            (699_999..700_000, 699_999..700_000),
            (650_000..u64::MAX, 650_000..700_000),
        ] {
            let object = open(store, &key, Some(range)).await;
            assert_eq!(object.size_bytes, 700_000, "the whole object's");
            assert_eq!(object.collect().await.unwrap(), bytes.slice(expected));
        }
    }
}

pub(crate) async fn a_range_that_is_not_there_is_refused(store: &dyn ObjectStore) {
    for (length, range) in [(10, 10..11), (10, 20..30), (10, 3..3), (0, 0..1)] {
        let key = result_key();
        put(store, &key, &bytes_of_our_own(length)).await;
        let error = store.open(&key, Some(range)).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Refused(_)), "{error}");
    }
}

pub(crate) async fn nothing_and_what_is_missing_can_be_opened(store: &dyn ObjectStore) {
    let (empty, missing) = (result_key(), result_key());
    put(store, &empty, &Bytes::new()).await;
    let object = open(store, &empty, None).await;
    assert_eq!(object.size_bytes, 0);
    assert_eq!(object.collect().await.unwrap(), Bytes::new());
    assert!(store.open(&missing, None).await.unwrap().is_none());
    assert!(store.open(&missing, Some(0..1)).await.unwrap().is_none());
}

/// More readers than a store reads files at once.
pub(crate) async fn who_stops_reading_holds_up_nobody(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(5 * 1024 * 1024);
    let key = original_of(&bytes);
    put(store, &key, &bytes).await;
    let mut stopped = Vec::new();
    for _ in 0..40 {
        let mut object = open(store, &key, None).await;
        object.pieces.next().await.unwrap().unwrap();
        stopped.push(object);
    }
    let read = timeout(PATIENCE, get(store, &key)).await;
    assert_eq!(read.expect("it is not held up"), Some(bytes));
}

pub(crate) async fn head_says_length_and_age(store: &dyn ObjectStore) {
    let key = result_key();
    // A server may say its times in whole seconds.
    let before = SystemTime::now() - Duration::from_secs(2);
    put(store, &key, &bytes_of_our_own(1234)).await;
    let after = SystemTime::now() + Duration::from_secs(2);
    let Meta {
        size_bytes,
        stored_at,
    } = store.head(&key).await.unwrap().expect("it was put");
    assert_eq!(size_bytes, 1234);
    assert!((before..after).contains(&stored_at), "{stored_at:?}");
}

pub(crate) async fn what_is_missing_is_none(store: &dyn ObjectStore) {
    for key in [original_of(&bytes_of_our_own(1)), result_key()] {
        assert_eq!(get(store, &key).await, None);
        assert_eq!(store.head(&key).await.unwrap(), None);
    }
}

pub(crate) async fn a_deleted_object_is_gone_and_may_be_deleted_again(store: &dyn ObjectStore) {
    let key = result_key();
    put(store, &key, &bytes_of_our_own(10)).await;
    for _ in 0..2 {
        store.delete(&key).await.unwrap();
        assert_eq!(get(store, &key).await, None);
    }
}

/// Files, because a digest is kept beside the other results, and s3s-fs keeps it in a file of its own: for a moment, and
/// after two puts at once for good, it may be the one of other bytes, and a reader refuses them.
pub(crate) async fn readers_see_one_of_two_puts_and_never_a_mixture(store: &dyn ObjectStore) {
    let key = result_key();
    let either = [bytes_of_our_own(200_000), bytes_of_our_own(300_000)];
    let files = either.each_ref().map(|bytes| file_of(bytes));
    let puts = join_all((0..12).map(|i| put_file(store, &key, &files[i % 2])));
    let gets = join_all((0..12).map(|_| get(store, &key)));
    let (_, seen) = tokio::join!(puts, gets);
    for bytes in seen.into_iter().flatten() {
        assert!(either.contains(&bytes), "{} bytes", bytes.len());
    }
    assert!(either.contains(&get(store, &key).await.unwrap()));
}

pub(crate) async fn an_empty_object_is_an_object(store: &dyn ObjectStore) {
    let key = result_key();
    put_file(store, &key, &file_of(b"")).await;
    assert_eq!(get(store, &key).await, Some(Bytes::new()));
    put(store, &key, &Bytes::new()).await;
    assert_eq!(store.head(&key).await.unwrap().unwrap().size_bytes, 0);
}

pub(crate) async fn an_object_of_25_mib_is_whole(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(25 * 1024 * 1024);
    let key = original_of(&bytes);
    put_file(store, &key, &file_of(&bytes)).await;
    let read = get(store, &key).await.unwrap();
    assert_eq!(Digest::of(&read), Digest::of(&bytes));
}

pub(crate) async fn storing_it_again_makes_it_young(store: &dyn ObjectStore) {
    let bytes = bytes_of_our_own(100);
    let key = original_of(&bytes);
    let stored_at = async || store.head(&key).await.unwrap().unwrap().stored_at;
    put_file(store, &key, &file_of(&bytes)).await;
    let first = stored_at().await;
    let renewed = async {
        // A server may count whole seconds.
        while stored_at().await <= first {
            put_file(store, &key, &file_of(&bytes)).await;
        }
    };
    timeout(PATIENCE, renewed).await.expect("it is renewed");
}

pub(crate) async fn every_object_is_listed_once_with_its_age(store: &dyn ObjectStore) {
    let before = SystemTime::now() - Duration::from_secs(2);
    let results: Vec<_> = (0..5).map(|_| result_key()).collect();
    let bytes = bytes_of_our_own(10);
    let original = original_of(&bytes);
    for key in results.iter().chain([&original]) {
        put(store, key, &bytes).await;
    }
    let listed = list(store, Kind::Result, 3).await;
    for key in &results {
        let mut times = listed.iter().filter(|(found, _)| found == key);
        let (_, stored_at) = times.next().expect("it is listed");
        assert!(*stored_at >= before, "{stored_at:?}");
        assert!(times.next().is_none(), "{key} is listed twice");
    }
    assert!(listed.iter().all(|(key, _)| matches!(key, Key::Result(_))));
    let originals = list(store, Kind::Original, PAGE_OBJECTS_MAX).await;
    assert!(originals.iter().any(|(key, _)| *key == original));
}

/// Page after page.
async fn list(store: &dyn ObjectStore, kind: Kind, objects_max: usize) -> Vec<(Key, SystemTime)> {
    let (mut listed, mut place) = (Vec::new(), None);
    loop {
        let page = store.list(kind, place.as_ref(), objects_max).await.unwrap();
        assert!(page.objects.len() <= objects_max);
        listed.extend(page.objects);
        place = page.next;
        if place.is_none() {
            return listed;
        }
    }
}

pub(crate) async fn a_store_that_works_says_so(store: &dyn ObjectStore) {
    store.check().await.unwrap();
}

/// Bytes that no other test puts.
pub(crate) fn bytes_of_our_own(length: usize) -> Bytes {
    let seed = Digest::of(unique().as_bytes());
    seed.as_bytes()
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

pub(crate) fn original_of(bytes: &[u8]) -> Key {
    Key::Original(Digest::of(bytes))
}

pub(crate) fn result_key() -> Key {
    Key::Result(JobId::new(Digest::of(unique().as_bytes())))
}

pub(crate) async fn put(store: &dyn ObjectStore, key: &Key, bytes: &Bytes) {
    let body = Body::Bytes(bytes.clone());
    store.put(key, body, "image/jpeg").await.unwrap();
}

pub(crate) async fn put_file(store: &dyn ObjectStore, key: &Key, file: &NamedTempFile) {
    try_put_file(store, key, file).await.unwrap();
}

pub(crate) async fn try_put_file(
    store: &dyn ObjectStore,
    key: &Key,
    file: &NamedTempFile,
) -> Result<(), Error> {
    let body = Body::File {
        path: file.path().to_owned(),
        size_bytes: file.as_file().metadata().unwrap().len(),
    };
    store.put(key, body, "image/jpeg").await
}

pub(crate) async fn get(store: &dyn ObjectStore, key: &Key) -> Option<Bytes> {
    store.get(key, PLENTY).await.unwrap()
}

pub(crate) async fn open(store: &dyn ObjectStore, key: &Key, range: Option<Range<u64>>) -> Object {
    let opened = store.open(key, range).await.unwrap();
    opened.expect("it was put")
}

pub(crate) fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}
