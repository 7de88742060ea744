//! The frames of an event stream, as a client reads them. Pure.

use anyhow::Context as _;
use schemas::{EventId, JobId, State};
use serde::Deserialize;

/// What a client reads of a stream, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

/// A frame that says something.
#[derive(Debug)]
pub(super) enum Frame {
    Told(Told),
    /// Nobody knows the job.
    Unknown(JobId),
    /// Every job of the stream has ended.
    End,
}

/// Where a job stands.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) state: State,
    /// What to come back with. What is told while the records are away has none.
    pub(super) id: Option<EventId>,
    /// Whether it may have been told before.
    pub(super) snapshot: bool,
}

#[derive(Deserialize)]
struct Data {
    #[serde(flatten)]
    state: State,
    #[serde(default)]
    snapshot: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unknown {
    job_id: JobId,
}

impl Frames {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }

    /// The next whole frame; comments and `retry:` lines are none.
    pub(super) fn next(&mut self) -> Option<anyhow::Result<Frame>> {
        loop {
            let end = self.0.windows(2).position(|two| two == b"\n\n")?;
            let block: Vec<u8> = self.0.drain(..end + 2).collect();
            let block = String::from_utf8_lossy(&block);
            if block.contains("data:") {
                return Some(frame(&block).with_context(|| format!("not a frame: {block}")));
            }
        }
    }
}

fn frame(block: &str) -> anyhow::Result<Frame> {
    let data = field(block, "data:").context("no data")?;
    match field(block, "event:").context("no event")? {
        "unknown" => Ok(Frame::Unknown(
            serde_json::from_str::<Unknown>(data)?.job_id,
        )),
        "end" => Ok(Frame::End),
        status => told(block, status, data).map(Frame::Told),
    }
}

fn told(block: &str, status: &str, data: &str) -> anyhow::Result<Told> {
    let Data { state, snapshot } = serde_json::from_str(data)?;
    anyhow::ensure!(status == state.status.as_str(), "two statuses");
    let id: Option<EventId> = field(block, "id:").map(str::parse).transpose()?;
    Ok(Told {
        state,
        // The end of a job without a record has the first of all ids, whatever was told before.
        id: id.filter(|id| *id != EventId::default()),
        snapshot,
    })
}

fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = block.lines();
    lines
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUED: &str = r#"{"jobId":"ef8e75aebf02108f883d699fd3db4d62bd95572e1177a2c3bd153cb5ee5d3881","status":"queued","attempt":0,"timings":{},"snapshot":true}"#;

    fn read(text: &str) -> Vec<Frame> {
        let mut frames = Frames::default();
        frames.push(text.as_bytes());
        std::iter::from_fn(|| frames.next())
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn a_frame_is_read_once_it_is_whole() {
        let mut frames = Frames::default();
        frames.push(b": heartbeat\n\nevent: queued\nid: 7-1\n");
        assert!(frames.next().is_none());
        frames.push(format!("data: {QUEUED}\n\n").as_bytes());
        let Some(Ok(Frame::Told(told))) = frames.next() else {
            panic!("it tells of a job");
        };
        assert_eq!(told.id, Some(EventId { epoch: 7, n: 1 }));
        assert!(told.snapshot);
    }

    #[test]
    fn what_the_records_did_not_number_has_no_place() {
        for id in ["", "id: 0-0\n"] {
            let text = format!("event: queued\n{id}data: {QUEUED}\n\n");
            assert!(matches!(&read(&text)[..], [Frame::Told(told)] if told.id.is_none()));
        }
    }

    #[test]
    fn a_frame_that_says_two_things_is_none() {
        let mut frames = Frames::default();
        frames.push(format!("event: done\ndata: {QUEUED}\n\n").as_bytes());
        assert!(frames.next().unwrap().is_err());
    }

    #[test]
    fn the_end_of_many_is_told() {
        assert!(matches!(
            read("event: end\nid: end\ndata: {}\n\n")[..],
            [Frame::End]
        ));
    }
}
