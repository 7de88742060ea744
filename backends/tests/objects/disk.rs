//! Files.

use std::path::Path;

use backends::{
    ObjectStore as _,
    objects::{Disk, Kind, Page},
};
use tempfile::{NamedTempFile, TempDir};

use crate::contract::{
    bytes_of_our_own, file_of, get, object_store_contract, original_of, put, put_file, result_key,
};

object_store_contract!(in_a_folder_of_its_own().await);

async fn in_a_folder_of_its_own() -> (Disk, TempDir) {
    let folder = TempDir::new().unwrap();
    (Disk::open(folder.path()).await.unwrap(), folder)
}

#[tokio::test]
async fn objects_are_there_after_a_restart() {
    let (store, folder) = in_a_folder_of_its_own().await;
    let (key, bytes) = (result_key(), bytes_of_our_own(100));
    put(&store, &key, &bytes).await;
    drop(store);
    let store = Disk::open(folder.path()).await.unwrap();
    assert_eq!(get(&store, &key).await, Some(bytes));
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_swept_out() {
    let (store, folder) = in_a_folder_of_its_own().await;
    drop(store);
    let half = folder.path().join("unfinished").join("half");
    std::fs::write(&half, b"half").unwrap();
    Disk::open(folder.path()).await.unwrap();
    assert!(!half.exists());
}

#[tokio::test]
async fn nothing_is_left_over_by_a_put() {
    let (store, folder) = in_a_folder_of_its_own().await;
    let bytes = bytes_of_our_own(100);
    let (key, file) = (original_of(&bytes), file_of(&bytes));
    put(&store, &key, &bytes).await;
    put_file(&store, &key, &file).await;
    put_file(&store, &key, &file).await;
    assert_eq!(entries(&folder.path().join("unfinished")), 0);
    assert_eq!(entries(&folder.path().join("original")), 1);
}

#[tokio::test]
async fn what_is_no_object_is_not_listed() {
    let (store, folder) = in_a_folder_of_its_own().await;
    std::fs::write(folder.path().join("result/.DS_Store"), b"a stranger's").unwrap();
    let page = store.list(Kind::Result, None, 10).await.unwrap();
    assert_eq!(page, Page::default());
}

#[tokio::test]
async fn a_file_of_another_file_system_is_copied() {
    let elsewhere = Path::new("/dev/shm");
    if !elsewhere.exists() {
        return;
    }
    let (store, _folder) = in_a_folder_of_its_own().await;
    let bytes = bytes_of_our_own(100_000);
    let file = NamedTempFile::new_in(elsewhere).unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let key = original_of(&bytes);
    put_file(&store, &key, &file).await;
    assert_eq!(get(&store, &key).await, Some(bytes));
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so() {
    let (store, folder) = in_a_folder_of_its_own().await;
    drop(folder);
    let error = store.check().await.unwrap_err();
    assert_eq!((error.backend.as_str(), error.op), ("objects", "check"));
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}
