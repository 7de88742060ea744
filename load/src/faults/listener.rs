//! A client that follows jobs by their events: one job, or many on one stream. It comes back on whichever publisher is
//! up until each has ended.

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode, header};
use schemas::{EventId, JobId};
use tokio::time::sleep;

use super::{
    client::{Client, PAUSE},
    frames::{Frame, Frames, Told},
};

/// What it follows, and what it has heard.
pub(super) struct Listener<'a> {
    client: &'a Client,
    jobs: &'a [JobId],
    /// The last place of each job.
    heard: BTreeMap<JobId, EventId>,
    /// What it comes back with.
    last: Option<EventId>,
}

/// How a stream broke off.
enum Broke {
    /// It was told that it has heard everything, or that there is nothing to hear.
    Over,
    /// It has to come back.
    Off,
}

impl<'a> Listener<'a> {
    pub(super) const fn new(client: &'a Client, jobs: &'a [JobId]) -> Self {
        Self {
            client,
            jobs,
            heard: BTreeMap::new(),
            last: None,
        }
    }

    /// Follows every job to its end, and passes on what is told.
    pub(super) async fn listen(mut self, mut pass_on: impl FnMut(&Told)) {
        loop {
            let broke = self.stream(&mut pass_on).await;
            if self.has_heard_all() || matches!(broke, Broke::Over) && self.have_all_ended().await {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    async fn stream(&mut self, pass_on: &mut impl FnMut(&Told)) -> Broke {
        let Some(answer) = self.open().await else {
            return Broke::Off;
        };
        match answer.status() {
            StatusCode::NO_CONTENT => Broke::Over,
            StatusCode::NOT_FOUND => {
                self.client.ledger.miss(&self.jobs[0]);
                Broke::Off
            }
            _ => self.read(answer, pass_on).await,
        }
    }

    async fn open(&self) -> Option<Response> {
        let request = self.client.get(&self.path());
        let mut request = request.header(header::ACCEPT, "text/event-stream");
        if let Some(last) = self.last {
            request = request.header("last-event-id", last.to_string());
        }
        self.client.answered("events", request).await
    }

    async fn read(&mut self, mut answer: Response, pass_on: &mut impl FnMut(&Told)) -> Broke {
        let mut frames = Frames::default();
        while let Ok(Some(piece)) = answer.chunk().await {
            frames.push(&piece);
            while let Some(frame) = frames.next() {
                match frame {
                    Ok(Frame::Told(told)) => {
                        self.hear(&told);
                        pass_on(&told);
                    }
                    Ok(Frame::Unknown(id)) => self.client.ledger.miss(&id),
                    Ok(Frame::End) => return Broke::Over,
                    Err(error) => self.find(&format!("{error:#}")),
                }
            }
        }
        Broke::Off
    }

    fn path(&self) -> String {
        match self.jobs {
            [job] => format!("/status/{job}"),
            jobs => {
                let ids: Vec<_> = jobs.iter().map(ToString::to_string).collect();
                format!("/events?ids={}", ids.join(","))
            }
        }
    }

    fn hear(&mut self, told: &Told) {
        let job = told.state.job_id;
        if !self.jobs.contains(&job) {
            self.find(&format!("its stream told of job {job}"));
        }
        if let Some(id) = told.id {
            self.last = Some(id);
            let before = self.heard.insert(job, id);
            let is_news = |before| id > before || told.snapshot && id == before;
            if let Some(before) = before.filter(|before| !is_news(*before)) {
                self.find(&format!("event {id} of job {job} came after {before}"));
            }
        }
        self.client.ledger.hear(&told.state);
    }

    fn has_heard_all(&self) -> bool {
        let book = self.client.ledger.book();
        let mut accounts = self.jobs.iter().map(|id| book.jobs.get(id));
        accounts.all(|account| account.is_some_and(|account| !account.ends.is_empty()))
    }

    /// Whether it is true that there is nothing more to hear.
    async fn have_all_ended(&self) -> bool {
        for id in self.jobs {
            if !self.client.state(id).await.status.is_final() {
                return false;
            }
        }
        true
    }

    fn find(&self, finding: &str) {
        let jobs = self.jobs.len();
        let first = self.jobs[0];
        self.client.ledger.find(format!(
            "who follows {jobs} jobs from {first} on: {finding}"
        ));
    }
}
