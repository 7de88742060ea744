//! One photo's way: up, through its job, and back.

use std::path::Path;

use reqwest::{
    Body,
    multipart::{Form, Part},
};
use schemas::{Failure, JobId};
use tokio::sync::Semaphore;

use super::{
    board::{Board, Stage},
    errand::Photo,
    follow::{End, Watch},
    patience::Patience,
    problem::Problem,
    receive::{Received, Shelf},
    server::{Accepted, Server},
};
use crate::commands::photos::{Input, ReadError};

/// How often a photo is sent whose job the server has forgotten: more than any restart makes of it.
const LIVES_MAX: usize = 3;

/// What every photo of a run has in common.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) server: Server,
    pub(super) patience: Patience,
    pub(super) board: Board,
    pub(super) watch: Watch,
    pub(super) shelf: Shelf,
    pub(super) wanted: Wanted,
    /// Photos that are sent at once.
    pub(super) sending: Semaphore,
    /// Results that are fetched at once.
    pub(super) fetching: Semaphore,
}

/// What is wanted of every photo, as a form has it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) logo: Option<Vec<u8>>,
    /// A photo on standard input comes once, and may be sent twice.
    pub(super) stdin: bytes::Bytes,
}

/// What became of a photo.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Its job, if it came that far.
    pub(super) job: Option<JobId>,
    pub(super) received: Result<Received, Problem>,
}

impl Run {
    /// Brings the photo `number` there and back.
    pub(super) async fn bring(&self, number: usize, photo: &Photo) -> Outcome {
        let mut job = None;
        let received = self.try_bring(number, photo, &mut job).await;
        Outcome { job, received }
    }

    async fn try_bring(
        &self,
        number: usize,
        photo: &Photo,
        job: &mut Option<JobId>,
    ) -> Result<Received, Problem> {
        for _ in 0..LIVES_MAX {
            let accepted = self.send(number, photo).await?;
            let id = *job.insert(accepted.job_id);
            match self.end_of(number, accepted).await {
                End::Done(picture) => {
                    let _turn = self.fetching.acquire().await;
                    self.board.show(number, Stage::Fetching);
                    let receive = || {
                        self.shelf
                            .receive(&self.server, &id, picture.as_ref(), photo)
                    };
                    return self.patience.persist(&self.board, receive).await;
                }
                End::NoResult(status, failure) => {
                    let failure = failure.unwrap_or_else(nothing_said);
                    return Err(Problem::NoResult { status, failure });
                }
                End::Unknown => {}
            }
        }
        Err(Problem::Lost(LIVES_MAX))
    }

    async fn send(&self, number: usize, photo: &Photo) -> Result<Accepted, Problem> {
        let _turn = self.sending.acquire().await;
        self.board.show(number, Stage::Sending);
        let send = async || {
            let form = self.wanted.form(&photo.source).await?;
            self.server.upload(form).await
        };
        self.patience.persist(&self.board, send).await
    }

    /// Known work has ended already, and nobody needs to be asked about it.
    async fn end_of(&self, number: usize, accepted: Accepted) -> End {
        let Accepted {
            job_id,
            status,
            error,
        } = accepted;
        self.board.show(number, Stage::Job(status));
        match End::of(status, None, error) {
            Some(end) => end,
            None => self.watch.end_of(job_id, number).await,
        }
    }
}

impl Wanted {
    /// Made anew for every attempt: a body is read once.
    async fn form(&self, source: &Input) -> Result<Form, Problem> {
        let image = match source {
            Input::Stdin => {
                let length = self.stdin.len() as u64;
                Part::stream_with_length(Body::from(self.stdin.clone()), length)
            }
            Input::File(path) => {
                let part = Part::file(path).await.map_err(ReadError::from)?;
                part.file_name(header_safe(path))
            }
        };
        let fields = self.fields.iter();
        let form = fields.fold(Form::new(), |form, (name, value)| {
            form.text(*name, value.clone())
        });
        let logo = self.logo.clone();
        let form = match logo {
            Some(logo) => form.part("wm_logo", Part::bytes(logo).file_name("logo")),
            None => form,
        };
        Ok(form.part("image", image))
    }
}

/// A file's name, with its control characters as forms have line breaks (`%0A`): no header can carry them.
/// Source: WHATWG HTML, multipart/form-data encoding algorithm.
fn header_safe(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut safe = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_control() {
            safe.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

fn nothing_said() -> Failure {
    Failure {
        code: "unknown".to_owned(),
        message: "the server does not say why".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_can_carry_the_name_of_any_file() {
        let safe = |name| header_safe(Path::new(name));
        assert_eq!(safe("photos/a b – ü.jpg"), "a b – ü.jpg");
        assert_eq!(safe("a\r\n\u{1b}[2J\u{7f}.jpg"), "a%0D%0A%1B[2J%7F.jpg");
    }
}
