//! Whoever is not let in: each refusal costs its address a read, and an address that has none left is told so before its next
//! credential is looked at. Otherwise trying them would be free for everybody but us, who check signatures.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http_body::Body as _;
use moka::future::Cache;

use super::need::Need;
use crate::{
    error::ApiError,
    fairness::{Client, Fairness, Waits},
    server::close_after,
};

/// How long an address is known for a good credential that came from there. 10 min: longer than a client that is at work
/// pauses.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// Addresses that are remembered. 100 000: some 20 MB.
const ADDRESSES_MAX: u64 = 100_000;

/// A mark on answers to whose credential was believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Believed;

/// What is known of the addresses that strangers come from.
#[derive(Debug)]
pub(crate) struct Strangers {
    reads: Arc<Fairness>,
    /// Those without a read left.
    waits: Waits,
    /// Those where somebody has a good credential, as an office or a proxy: the others there must not shut them out.
    known: Cache<Client, ()>,
}

impl Strangers {
    /// Their refusals count as `reads`.
    pub(crate) fn new(reads: Arc<Fairness>) -> Arc<Self> {
        let known = Cache::builder().max_capacity(ADDRESSES_MAX);
        Arc::new(Self {
            reads,
            waits: Waits::new(ADDRESSES_MAX),
            known: known.time_to_live(KNOWN_FOR).build(),
        })
    }

    /// The answer to who comes from an address that has no read left.
    async fn kept_out(&self, address: &Client) -> Option<Response> {
        if self.known.contains_key(address) {
            return None;
        }
        let refusal = self.waits.of(address).await?;
        Some(self.reads.refused(refusal))
    }

    /// `answer` where there is a read left for it.
    async fn count(&self, address: &Client, answer: Response) -> Response {
        match self.reads.take(address).await {
            Ok(left) => self.reads.told(left, answer),
            Err(refusal) => {
                self.waits.note(address, refusal).await;
                self.reads.refused(refusal)
            }
        }
    }
}

/// Has strangers pay for being refused.
pub(super) async fn counted(
    State(strangers): State<Arc<Strangers>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if Need::of(request.method(), route.map(MatchedPath::as_str)).is_open() {
        return next.run(request).await;
    }
    let address = strangers.reads.address_of(&request);
    let is_read = request.body().is_end_stream();
    let mut answer = match strangers.kept_out(&address).await {
        Some(refused) => refused,
        None => {
            let answer = next.run(request).await;
            if answer.extensions().get::<Believed>().is_some() {
                strangers.known.insert(address, ()).await;
                return answer;
            }
            if !is_denied(&answer) {
                return answer;
            }
            strangers.count(&address, answer).await
        }
    };
    if !is_read {
        close_after(answer.headers_mut());
    }
    answer
}

/// Whether that is the caller's fault: where keys cannot be fetched, it is not.
fn is_denied(answer: &Response) -> bool {
    let error = answer.extensions().get::<Arc<ApiError>>();
    let is_denied = error.is_some_and(|error| matches!(**error, ApiError::Denied(_)));
    is_denied && answer.status().is_client_error()
}
