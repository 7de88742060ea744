//! Objects in a bucket of an S3 server: rust-s3 signs, our own client carries the bytes.
//!
//! rust-s3 would buffer a streamed body in parts of 8 MiB each. A signed `PUT` of known length needs none of that: a
//! hundred uploads at once stay within a few MiB, and the server sees one request that it takes wholly or not at all.

mod arrival;
mod failure;

use std::{
    fmt,
    ops::Range,
    path::Path,
    time::{Duration, SystemTime},
};

use ::s3::{
    Bucket, Region,
    creds::Credentials,
    serde_types::{self, HeadObjectResult, ListBucketResult},
};
use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::{
    Client, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RANGE},
};
use schemas::Digest;
use tokio::{io::AsyncReadExt as _, time::timeout};
use tokio_util::io::ReaderStream;

use self::{
    arrival::{Arrival, Check},
    failure::Failure,
};
use super::{Body, Key, Kind, Meta, Object, ObjectStore, Page, Place, object::refuse_empty};
use crate::{
    Error,
    error::{Backend, Cause},
};

/// A server that does not answer a connection request within this is taken for down.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(2);

/// What any call may take beside moving its bytes, retries included.
const CALL_TIME_MAX: Duration = Duration::from_secs(5);

/// What the longest call may take: a client waits for it, and a worker's slot.
const TRANSFER_TIME_MAX: Duration = Duration::from_secs(30);

/// The slowest transfer worth waiting for: a full-sized original in 20 s.
const BYTES_PER_SECOND_MIN: u64 = 1024 * 1024;

/// How long a signature is good for. It is used at once; this is what clocks may differ by.
const SIGNATURE_SECONDS: u32 = 15 * 60;

/// Bytes of a file in memory at a time, per upload.
const CHUNK_BYTES: usize = 64 * 1024;

/// Lets the server compare what arrived with what was meant.
const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-checksum-sha256");

/// Kept with a result and told with it, so that we can compare too. An original's key says the same, to its reader.
const DIGEST: HeaderName = HeaderName::from_static("x-amz-meta-sha256");

/// Where the bucket is, and who we are there.
#[derive(Clone)]
pub struct S3Options {
    /// For example `https://s3.example.org`.
    pub endpoint: String,
    /// It exists already; we make none.
    pub bucket: String,
    /// What the server signs with, for example `us-east-1`; Garage says `garage`.
    pub region: String,
    /// Who we are.
    pub access_key: String,
    /// How we prove it.
    pub secret_key: String,
}

/// Objects in a bucket.
#[derive(Clone)]
pub struct S3 {
    bucket: Box<Bucket>,
    client: Client,
}

impl S3 {
    /// The bucket of `options`. Nothing is sent yet, so this works while the server is down.
    ///
    /// # Errors
    /// When the options cannot be right.
    pub fn new(options: &S3Options) -> Result<Self, Error> {
        // Its retries wait for seconds and know no deadline; ours do.
        ::s3::set_retries(0);
        let refused = |error: &dyn fmt::Display| {
            Error::new(Backend::Objects, "open", Cause::Refused(error.to_string()))
        };
        let bucket = options.bucket().map_err(|error| refused(&error))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| refused(&error))?;
        Ok(Self { bucket, client })
    }

    async fn put_once(
        &self,
        key: &Key,
        body: &Body,
        digests: &HeaderMap,
        media_type: &str,
    ) -> Result<(), Failure> {
        let url = self
            .bucket
            .presign_put(
                key.to_string(),
                SIGNATURE_SECONDS,
                Some(digests.clone()),
                None,
            )
            .await?;
        let answer = self
            .client
            .put(url)
            .headers(digests.clone())
            .header(CONTENT_TYPE, media_type)
            .header(CONTENT_LENGTH, body.size_bytes())
            .body(streamed(body).await?)
            .send()
            .await?;
        Failure::unless_success(answer).await?;
        Ok(())
    }

    async fn get_once(&self, key: &Key, size_bytes_max: u64) -> Result<Bytes, Failure> {
        let answer = self.begin(key, HeaderMap::new()).await?;
        read_at_most(answer, size_bytes_max).await
    }

    async fn open_once(&self, key: &Key, range: Option<&Range<u64>>) -> Result<Arrival, Failure> {
        let wanted = range.map(|range| (RANGE, bytes_of(range)));
        let answer = self.begin(key, HeaderMap::from_iter(wanted)).await?;
        Arrival::of(answer, key, range)
    }

    /// The answer to a `GET`, its body still to come.
    async fn begin(&self, key: &Key, headers: HeaderMap) -> Result<Response, Failure> {
        let url = self
            .bucket
            .presign_get(key.to_string(), SIGNATURE_SECONDS, None)
            .await?;
        // The size is known only when the answer begins; until then it is a call like any other.
        let asked = self.client.get(url).headers(headers).send();
        let begun = timeout(CALL_TIME_MAX, asked).await;
        let answer = begun.map_err(|_| Failure::Silent(CALL_TIME_MAX))??;
        Failure::unless_success(answer).await
    }

    async fn head_once(&self, key: &Key) -> Result<Meta, Failure> {
        let (head, _) = self.bucket.head_object(key.to_string()).await?;
        meta_of(&head)
    }

    async fn delete_once(&self, key: &Key) -> Result<(), Failure> {
        self.bucket.delete_object(key.to_string()).await?;
        Ok(())
    }

    async fn list_once(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Failure> {
        let prefix = format!("{}/", kind.as_str());
        let after = place.map(|Place(name)| name.clone());
        let listing = self
            .bucket
            .list_page(prefix, None, None, after, Some(objects_max));
        let (listing, _) = listing.await?;
        page_of(&listing)
    }

    async fn check_once(&self) -> Result<(), Failure> {
        let first = self
            .bucket
            .list_page(String::new(), None, None, None, Some(1));
        first.await?;
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for S3 {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        let time_max = time_for(body.size_bytes());
        let digests = digests(key, &body);
        within("put", time_max, || {
            self.put_once(key, &body, &digests, media_type)
        })
        .await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let time_max = time_for(size_bytes_max);
        within("get", time_max, || async {
            if_there(self.get_once(key, size_bytes_max).await)
        })
        .await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        refuse_empty(range.as_ref())?;
        let arrival = within("open", CALL_TIME_MAX, || async {
            if_there(self.open_once(key, range.as_ref()).await)
        });
        Ok(arrival.await?.map(Arrival::into_object))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        within("head", CALL_TIME_MAX, || async {
            if_there(self.head_once(key).await)
        })
        .await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        within("delete", CALL_TIME_MAX, || async {
            if_there(self.delete_once(key).await).map(Option::unwrap_or_default)
        })
        .await
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        within("list", CALL_TIME_MAX, || {
            self.list_once(kind, place, objects_max)
        })
        .await
    }

    async fn check(&self) -> Result<(), Error> {
        within("check", CALL_TIME_MAX, || self.check_once()).await
    }
}

/// Tries a call up to three times, all within `time_max`. Every call of ours may be repeated: it names the whole object.
async fn within<T, Tried: Future<Output = Result<T, Failure>>>(
    op: &'static str,
    time_max: Duration,
    call: impl FnMut() -> Tried,
) -> Result<T, Error> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_times(2)
        .with_jitter();
    let tried = call.retry(backoff).when(Failure::may_pass);
    match timeout(time_max, tried).await {
        Ok(tried) => tried.map_err(|failure| Error::new(Backend::Objects, op, failure)),
        Err(_) => Err(Error::new(Backend::Objects, op, Cause::Timeout(time_max))),
    }
}

fn time_for(size_bytes: u64) -> Duration {
    let transfer = Duration::from_secs(size_bytes / BYTES_PER_SECOND_MIN);
    (CALL_TIME_MAX + transfer).min(TRANSFER_TIME_MAX)
}

/// What travels beside `body`, so that a change on its way is seen.
fn digests(key: &Key, body: &Body) -> HeaderMap {
    let digest = match (key, body) {
        (Key::Original(digest) | Key::Logo(digest), _) => *digest,
        (_, Body::Digested { sha256, .. }) => *sha256,
        // Only a few bytes come without it: a worker has the digest of its results.
        (Key::Result(_) | Key::Accepted(_), Body::Bytes(bytes)) => Digest::of(bytes),
        // Both are made in memory; to read a file once more for this would be a waste.
        (Key::Result(_) | Key::Accepted(_), Body::File { .. }) => return HeaderMap::new(),
    };
    let base64 = base64::prelude::BASE64_STANDARD.encode(digest.as_bytes());
    let mut headers = HeaderMap::from_iter([(CHECKSUM, ascii(&base64))]);
    if let Key::Result(_) = key {
        headers.insert(DIGEST, ascii(&digest.to_string()));
    }
    headers
}

/// As a `Range` says it: both ends are of it. No server counts to the end of ours.
fn bytes_of(range: &Range<u64>) -> HeaderValue {
    let Range { start, end } = range;
    ascii(&match *end {
        u64::MAX => format!("bytes={start}-"),
        end => format!("bytes={start}-{}", end - 1),
    })
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("base64, hex and numbers are ASCII")
}

async fn streamed(body: &Body) -> Result<reqwest::Body, Failure> {
    match body {
        Body::Bytes(bytes) | Body::Digested { bytes, .. } => Ok(bytes.clone().into()),
        Body::File { path, size_bytes } => streamed_file(path, *size_bytes).await,
    }
}

async fn streamed_file(path: &Path, size_bytes: u64) -> Result<reqwest::Body, Failure> {
    let file = tokio::fs::File::open(path).await?.take(size_bytes);
    let chunks = ReaderStream::with_capacity(file, CHUNK_BYTES);
    Ok(reqwest::Body::wrap_stream(chunks))
}

/// Reads the body, which may be longer than the head says or not say its length at all.
async fn read_at_most(mut answer: Response, size_bytes_max: u64) -> Result<Bytes, Failure> {
    let size_bytes = answer.content_length().unwrap_or(0);
    let fits = |size_bytes: u64| {
        if size_bytes > size_bytes_max {
            return Err(Failure::TooLong {
                size_bytes,
                size_bytes_max,
            });
        }
        Ok(())
    };
    fits(size_bytes)?;
    let mut check = Check::against(arrival::told_digest(&answer));
    let mut bytes = BytesMut::with_capacity(usize::try_from(size_bytes).unwrap_or(0));
    while let Some(chunk) = answer.chunk().await? {
        fits(bytes.len() as u64 + chunk.len() as u64)?;
        check.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    check.passed()?;
    Ok(bytes.freeze())
}

fn meta_of(head: &HeadObjectResult) -> Result<Meta, Failure> {
    let size_bytes = head
        .content_length
        .and_then(|length| u64::try_from(length).ok());
    let stored_at = head
        .last_modified
        .as_deref()
        .and_then(|date| httpdate::parse_http_date(date).ok());
    match (size_bytes, stored_at) {
        (Some(size_bytes), Some(stored_at)) => Ok(Meta {
            size_bytes,
            stored_at,
        }),
        _ => Err(Failure::Incomplete("Content-Length and Last-Modified")),
    }
}

fn page_of(listing: &ListBucketResult) -> Result<Page, Failure> {
    let last = listing.contents.last();
    let next = last.filter(|_| listing.is_truncated);
    let listed = listing.contents.iter().map(listed);
    Ok(Page {
        objects: listed
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        next: next.map(|object| Place(object.key.clone())),
    })
}

/// What is no object of ours may share the bucket.
fn listed(object: &serde_types::Object) -> Result<Option<(Key, SystemTime)>, Failure> {
    let Ok(key) = object.key.parse() else {
        return Ok(None);
    };
    let stored_at: Timestamp = object
        .last_modified
        .parse()
        .map_err(|_| Failure::Incomplete("a LastModified"))?;
    Ok(Some((key, stored_at.into())))
}

fn if_there<T>(tried: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match tried {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.is_missing_object() => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl S3Options {
    fn bucket(&self) -> Result<Box<Bucket>, ::s3::error::S3Error> {
        let region = Region::Custom {
            region: self.region.clone(),
            endpoint: self.endpoint.trim_end_matches('/').to_owned(),
        };
        let credentials = Credentials::new(
            Some(&self.access_key),
            Some(&self.secret_key),
            None,
            None,
            None,
        )?;
        let bucket = Bucket::new(&self.bucket, region, credentials)?;
        Ok(bucket.with_path_style())
    }
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("secret_key", &"[redacted]")
            .finish()
    }
}

/// Without the client and the credentials.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("bucket", &self.bucket.name)
            .finish_non_exhaustive()
    }
}
