//! `nws apply`: photos marked without a server.

use std::{
    fs,
    process::{Output, Stdio},
};

use tokio::{io::AsyncWriteExt as _, process::Command};

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
async fn a_mark_that_can_hardly_be_read_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let (photo, out) = (folder.path().join("a.jpg"), folder.path().join("out"));
    fs::write(&photo, jpeg(600, 400, 1)).unwrap();
    let said = async |opacity| {
        let mut command = nws(&["apply", "--wm-opacity", opacity, "-o"]);
        let output = command.arg(&out).arg(&photo).output().await.unwrap();
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let faint = said("0.1").await;
    assert!(
        faint.contains("1 mark below the contrast of 4.5:1"),
        "{faint}"
    );
    let plain = said("auto").await;
    assert!(!plain.contains("contrast"), "{plain}");
}

#[tokio::test]
async fn other_fonts_give_what_the_own_ones_lack() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.jpg"), jpeg(600, 400, 1)).unwrap();
    fs::create_dir(path("fonts")).unwrap();
    let font = specimen::Font::new().outlined('山').build();
    fs::write(path("fonts/mountain.ttf"), font).unwrap();
    fs::write(path("fonts/broken.ttf"), "no font").unwrap();
    let applied = async |fonts: &str| {
        let fonts = path(fonts);
        let mut command = nws(&["apply", "--overwrite", "--wm-text", "© 山", "-o"]);
        command.arg(path("out")).arg("--fonts").arg(fonts);
        let output = command.arg(path("a.jpg")).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = applied("fonts").await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("broken.ttf is not used"), "{said}");
    let (code, said) = applied("gone").await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("fonts: ") && said.contains("gone"), "{said}");
    let mut without = nws(&["apply", "--wm-text", "© 山", "-o"]);
    let without = without
        .arg(path("out"))
        .arg(path("a.jpg"))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&without.stderr);
    assert_eq!(without.status.code(), Some(64), "{said}");
    assert!(said.contains("'山' (U+5C71)"), "{said}");
}

#[tokio::test]
async fn a_logo_is_drawn_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.jpg"), jpeg(400, 300, 1)).unwrap();
    let mut command = nws(&["apply", "-", "--wm-format", "png"]);
    let logo = fed(&mut command, &jpeg(30, 20, 7)).await;
    fs::write(path("logo.png"), logo.stdout).unwrap();
    let made = async |more: &[&str]| {
        let mut command = nws(&["apply", "a.jpg", "-o", "-"]);
        let output = command.args(more).current_dir(folder.path()).output().await;
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        output.stdout
    };
    let alone = made(&["--wm-logo", "logo.png"]).await;
    assert_ne!(alone, made(&[]).await);
    let with_text = ["--wm-logo", "logo.png", "--wm-text", "N"];
    assert_ne!(alone, made(&with_text).await);
    let larger = ["--wm-logo", "logo.png", "--wm-logo-size", "30"];
    assert_ne!(alone, made(&larger).await);
}

#[tokio::test]
async fn a_photo_goes_through_a_pipe() {
    let mut command = nws(&["apply", "-", "--wm-format", "webp", "--width", "100"]);
    let output = fed(&mut command, &jpeg(400, 200, 1)).await;
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

#[tokio::test]
async fn what_comes_through_a_pipe_may_go_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("b.webp");
    let mut command = nws(&["apply", "-", "-o"]);
    let output = fed(command.arg(&result), &jpeg(40, 30, 1)).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(&fs::read(&result).unwrap()[8..12], b"WEBP");
}

#[tokio::test]
async fn a_broken_pipe_photo_is_told_as_standard_input() {
    let output = fed(&mut nws(&["apply", "-"]), &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).starts_with("nws: standard input: "),
        "{}",
        said(&output)
    );
}

/// A link to nowhere, one to the folder above, one in a circle, and a file that opens but cannot be read: the test may
/// run as root, whom no permission stops.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_rest_is_made() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (photos, out) = (folder.path().join("photos"), folder.path().join("out"));
    fs::create_dir_all(photos.join("trip")).unwrap();
    fs::write(photos.join("zebra.jpg"), jpeg(40, 30, 1)).unwrap();
    fs::write(photos.join("empty.jpg"), []).unwrap();
    symlink("nowhere", photos.join("dangling.jpg")).unwrap();
    symlink("..", photos.join("trip/above")).unwrap();
    symlink("round.jpg", photos.join("round.jpg")).unwrap();
    symlink("/proc/self/mem", photos.join("unreadable.jpg")).unwrap();

    let mut command = nws(&["apply", "-o"]);
    let output = command.arg(&out).arg(&photos).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("1 photo made, 5 failed"),
        "{}",
        said(&output)
    );
    for (name, problem) in [
        ("dangling.jpg", "No such file or directory (os error 2)"),
        ("empty.jpg", "no image"),
        ("round.jpg", "(os error 40)"),
        ("trip/above", "leads back to"),
        ("unreadable.jpg", "Input/output error (os error 5)"),
    ] {
        let told = said(&output);
        let line = told.lines().find(|line| line.contains(name));
        let line = line.unwrap_or_else(|| panic!("{name} is not named:\n{told}"));
        assert_eq!(line.matches(problem).count(), 1, "{line}");
    }
    assert!(out.join("zebra.jpg").exists());

    let (named, good) = (photos.join("unreadable.jpg"), photos.join("zebra.jpg"));
    let again = folder.path().join("again");
    let mut command = nws(&["apply", "-o"]);
    let output = command
        .args([&again, &named, &good])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(again.join("zebra.jpg").exists());

    let nothing = folder.path().join("nothing");
    let mut command = nws(&["apply", "-o"]);
    let output = command.args([&nothing, &named]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!nothing.exists(), "a folder for no result");
}

#[tokio::test]
async fn a_call_that_cannot_be_meant_exits_with_64_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), jpeg(40, 30, 1)).unwrap();
    for (arguments, named) in [
        ("nope.jpg -o out", "nope.jpg"),
        ("a.jpg -o out.gif", ".avif are"),
        ("a.jpg -o out.png --wm-format webp", "--wm-format"),
        ("a.jpg -o out --wm-text {nope}", "{nope}"),
        ("a.jpg -o out --wm-text \u{e000}", "wm_text: no font"),
        ("a.jpg -o out --wm-logo nope.png", "wm_logo: nope.png: "),
        ("a.jpg -o out --wm-logo a.jpg", "PNG and WebP are accepted"),
        ("a.jpg -o out --wm-logo-size 5", "no wm_logo"),
        (". -o .", "marked again"),
    ] {
        let mut command = nws(&["apply"]);
        command
            .args(arguments.split(' '))
            .current_dir(folder.path());
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains(named), "{}", said(&output));
        assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn fed(command: &mut Command, bytes: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).await.unwrap();
    child.wait_with_output().await.unwrap()
}

/// Width and height of a picture, by the engine's own reading.
fn size(bytes: &[u8]) -> (u32, u32) {
    let header = engine::inspect(std::io::Cursor::new(bytes), &engine::Limits::default()).unwrap();
    (header.width, header.height)
}
