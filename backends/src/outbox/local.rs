//! The outbox in the file of the records: a job's end and its notices are one commit.

use std::time::Duration;

use async_trait::async_trait;
use schemas::JobId;

use super::{
    Notice, NoticeId, Outbox, Room, Subscribed, name, read_all,
    table::{self, Target},
};
use crate::{
    Error,
    results::{self, Owner},
    sqlite::Database,
};

/// The outbox of records in an SQLite file.
#[derive(Clone, Debug)]
pub struct Local {
    database: Database,
    room: Room,
}

impl Local {
    /// The outbox of these records.
    pub fn of(records: &results::Local) -> Self {
        Self {
            database: records.database().clone(),
            room: Room::default(),
        }
    }

    /// The same with more room, or less.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }
}

#[async_trait]
impl Outbox for Local {
    async fn subscribe(
        &self,
        id: &JobId,
        url: &str,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> Result<Subscribed, Error> {
        let (id, room) = (*id, self.room);
        let target = Target {
            url: url.to_owned(),
            owner: name(by).to_owned(),
        };
        self.database
            .call("subscribe", move |db| {
                let end = results::end_in(db, &id)?;
                table::subscribe(db, &id, &target, end.as_ref(), room, now_ms)
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
