//! Commands whose output nobody reads to its end, as in `nws dlq ls | head`.

use std::{io, process::Stdio};

use crate::support::process::nws;

#[tokio::test]
async fn a_reader_that_leaves_early_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for arguments in [
        &["config"][..],
        &["dlq", "ls", "--data", data],
        &["dlq", "ls", "--json", "--data", data],
        &["dlq", "show", "nobody", "--data", data],
        &["dlq", "drop", "nobody", "--data", data],
        &["dlq", "replay", "--all", "--data", data],
        &["--help"],
        &["dlq", "--help"],
        &["--version"],
    ] {
        let (read_to_its_end, said) = ended(arguments, Stdio::null()).await;
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let left_early = ended(arguments, writer.into()).await;
        assert_eq!(left_early, (read_to_its_end, said), "{arguments:?}");
    }
}

/// The exit code, and what was said on standard error.
async fn ended(arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let mut command = nws(arguments);
    command.stdout(stdout).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}
