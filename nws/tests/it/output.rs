//! Commands whose output nobody reads to its end, as in `nws dlq ls | head`.

use std::{io, process::Stdio};

use crate::support::process::{Process, nws};

#[tokio::test]
async fn a_reader_that_leaves_early_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::embedded(folder.path(), &[]).await;
    let url = format!("{}/health", process.url);
    let data = folder.path().to_str().unwrap();
    for (code, arguments) in [
        (0, &["config"][..]),
        (0, &["health", "--url", &url]),
        (0, &["dlq", "ls", "--data", data]),
        (0, &["dlq", "ls", "--json", "--data", data]),
        (0, &["dlq", "replay", "--all", "--data", data]),
        (1, &["dlq", "show", "nobody", "--data", data]),
        (1, &["dlq", "drop", "nobody", "--data", data]),
        (0, &["--help"]),
        (0, &["dlq", "--help"]),
        (0, &["--version"]),
    ] {
        let ended = without_a_reader(arguments).await;
        assert_eq!(ended, (Some(code), String::new()), "{arguments:?}");
    }
}

/// The exit code, and what was said on standard error.
async fn without_a_reader(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = nws(arguments);
    command.stdout(writer).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}
