//! `nws apply`: photos marked without a server.

use std::{fs, process::Stdio};

use tokio::io::AsyncWriteExt as _;

use crate::support::{
    picture::{broken_jpeg, jpeg},
    process::nws,
};

#[tokio::test]
async fn a_folder_is_made_and_its_failures_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (photos, out) = (folder.path().join("photos"), folder.path().join("out"));
    fs::create_dir_all(photos.join("trip")).unwrap();
    fs::write(photos.join("a.jpg"), jpeg(2400, 1600, 1)).unwrap();
    fs::write(photos.join("trip/b.jpg"), jpeg(300, 200, 2)).unwrap();
    fs::write(photos.join("broken.jpg"), broken_jpeg()).unwrap();
    fs::write(photos.join("notes.txt"), "no photo").unwrap();

    let mut command = nws(&["apply", "--wm-text", "© {filename}", "-o"]);
    let output = command.arg(&out).arg(&photos).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("broken.jpg") && said.contains("2 photos made, 1 failed"),
        "{said}"
    );
    assert_eq!(size(&fs::read(out.join("a.jpg")).unwrap()), (1620, 1080));
    assert_eq!(size(&fs::read(out.join("trip/b.jpg")).unwrap()), (300, 200));
    assert!(!out.join("broken.jpg").exists() && !out.join("notes.txt").exists());
}

#[tokio::test]
async fn a_photo_goes_through_a_pipe() {
    let mut child = nws(&["apply", "-", "--wm-format", "webp", "--width", "100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&jpeg(400, 200, 1))
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    assert_eq!(
        (&output.stdout[..4], &output.stdout[8..12]),
        (&b"RIFF"[..], &b"WEBP"[..])
    );
}

#[tokio::test]
async fn the_name_of_the_result_chooses_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let (photo, result) = (folder.path().join("a.jpg"), folder.path().join("b.png"));
    fs::write(&photo, jpeg(40, 30, 1)).unwrap();
    let output = nws(&["apply", "-o"])
        .arg(&result)
        .arg(&photo)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(&fs::read(&result).unwrap()[1..4], b"PNG");
}

/// Width and height of a picture, by the engine's own reading.
fn size(bytes: &[u8]) -> (u32, u32) {
    let header = engine::inspect(std::io::Cursor::new(bytes), &engine::Limits::default()).unwrap();
    (header.width, header.height)
}
