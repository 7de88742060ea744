//! The outbox in the file of the records: a job's end and its notices are one commit.

use std::time::Duration;

use async_trait::async_trait;
use schemas::JobId;

use super::{Notice, NoticeId, Outbox, Subscribed, read_all, table};
use crate::{Error, results, sqlite::Database};

/// The outbox of records in an SQLite file.
#[derive(Clone, Debug)]
pub struct Local {
    database: Database,
}

impl Local {
    /// The outbox of these records.
    pub fn of(records: &results::Local) -> Self {
        Self {
            database: records.database().clone(),
        }
    }
}

#[async_trait]
impl Outbox for Local {
    async fn subscribe(&self, id: &JobId, url: &str, now_ms: u64) -> Result<Subscribed, Error> {
        let (id, url) = (*id, url.to_owned());
        self.database
            .call("subscribe", move |db| {
                let end = results::end_in(db, &id)?;
                table::subscribe(db, &id, &url, end.as_ref(), now_ms)
            })
            .await
    }

    async fn take_due(
        &self,
        notices_max: usize,
        now_ms: u64,
        lease: Duration,
    ) -> Result<Vec<Notice>, Error> {
        let written = self
            .database
            .call("take_due", move |db| {
                table::take_due(db, notices_max, now_ms, lease)
            })
            .await?;
        Ok(read_all(written))
    }

    async fn settle(&self, id: &NoticeId) -> Result<(), Error> {
        let id = id.clone();
        self.database
            .call("settle", move |db| table::settle(db, &id))
            .await
    }

    async fn forget(&self, id: &NoticeId) -> Result<(), Error> {
        let id = id.clone();
        self.database
            .call("forget", move |db| table::forget(db, &id))
            .await
    }

    async fn postpone(&self, id: &NoticeId, due_ms: u64, attempts: u32) -> Result<(), Error> {
        let id = id.clone();
        self.database
            .call("postpone", move |db| {
                table::postpone(db, &id, due_ms, attempts)
            })
            .await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.database.call("depth", table::depth).await
    }
}
