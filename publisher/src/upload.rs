//! A form on its way in: its parts in any order, each within its limit, the photo's digest taken while it streams.
//! Nothing is read that is already known to be refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use engine::{Format, InputError};
use futures::{Stream, StreamExt as _};
use http::{HeaderMap, HeaderValue, header};
use multer::{Field, Multipart};
use schemas::{Digest, Step, Timings, recipe::FIELDS};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::{
    Config,
    app::App,
    bulkhead::Place,
    claims,
    error::ApiError,
    fairness::Client,
    inflow::Ended,
    logo::{LOGO, UploadedLogo},
    spool::{Spooled, Writer},
    webhooks::{Target, WEBHOOK_URL},
};

pub(crate) const IMAGE: &str = "image";
/// Bytes of a form that are neither photo nor field: boundaries and part headers. The parser gathers them without a
/// limit of its own, together with what the connection has buffered.
const OVERHEAD_BYTES_MAX: u64 = 256 * 1024;
/// The longest line between two parts (RFC 2046, section 5.1.1). It is looked for in every byte of the body.
const BOUNDARY_BYTES_MAX: usize = 70;

/// A whole form, its photo spooled.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) request: schemas::Request,
    pub(crate) image: Image,
    pub(crate) logo: Option<UploadedLogo>,
    /// Who is to be told how its job ends.
    pub(crate) webhook: Option<Target>,
    pub(crate) timings: Timings,
    /// Held for as long as the photo is.
    _place: Place,
}

/// A photo as it came.
#[derive(Debug)]
pub(crate) struct Image {
    /// The file's name without its folder and extension.
    pub(crate) filename: String,
    pub(crate) format: Format,
    pub(crate) sha256: Digest,
    pub(crate) original: Spooled,
    hash_took: Duration,
}

/// What a form held.
struct Read {
    request: schemas::Request,
    image: Image,
    logo: Option<UploadedLogo>,
    webhook: Option<Target>,
}

impl FromRequest<Arc<App>> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        app.gate.pass(Instant::now())?;
        let place = app.uploads.enter(&Client::known(request.extensions()))?;
        let began = Instant::now();
        let Read {
            request,
            image,
            logo,
            webhook,
        } = read(request, app).await?;
        let mut timings = Timings::default();
        timings.set(Step::Read, began.elapsed().saturating_sub(image.hash_took));
        timings.set(Step::Hash, image.hash_took);
        Ok(Self {
            request,
            image,
            logo,
            webhook,
            timings,
            _place: place,
        })
    }
}

async fn read(request: Request, app: &App) -> Result<Read, ApiError> {
    refuse_packed(request.headers())?;
    refuse_announced(request.headers(), &app.config)?;
    let mut form = Form::of(request, &app.config)?;
    let mut wanted = schemas::Request::default();
    let (mut image, mut logo, mut webhook) = (None, None, None);
    while let Some(mut part) = form.next_part().await? {
        match part.name().map(str::to_owned).as_deref() {
            Some(IMAGE) if image.is_some() => {
                return Err(ApiError::Twice(IMAGE));
            }
            Some(IMAGE) => image = Some(form.image(&mut part, app).await?),
            Some(LOGO) => {
                wanted.add_logo()?;
                logo = Some(form.logo(&mut part, app).await?);
            }
            Some(WEBHOOK_URL) if webhook.is_some() => {
                return Err(ApiError::Twice(WEBHOOK_URL));
            }
            Some(WEBHOOK_URL) => webhook = Some(form.webhook(&mut part, app).await?),
            Some(name) => form.field(name, &mut part, &mut wanted).await?,
            None => {
                return Err(ApiError::Malformed(
                    "a part of the form has no name".to_owned(),
                ));
            }
        }
    }
    Ok(Read {
        request: wanted,
        image: image.ok_or(ApiError::ImageMissing)?,
        logo,
        webhook,
    })
}

/// A photo is packed already, and what is unpacked could be longer than any limit.
fn refuse_packed(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.all(is_plain) {
        Ok(())
    } else {
        Err(ApiError::Packed)
    }
}

/// A body that says itself that it is too long is not read at all.
fn refuse_announced(headers: &HeaderMap, config: &Config) -> Result<(), ApiError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    check_size(
        "body",
        announced.unwrap_or_default(),
        config.body_bytes_max(),
    )
}

fn refuse_long(boundary: &str) -> Result<(), ApiError> {
    let measured = boundary.len();
    if measured > BOUNDARY_BYTES_MAX {
        return Err(ApiError::Malformed(format!(
            "the form's boundary has {measured} bytes, the limit is {BOUNDARY_BYTES_MAX}"
        )));
    }
    Ok(())
}

/// The form's parser, with the limits it lacks.
struct Form<'c> {
    parts: Multipart<'static>,
    /// Bytes that came from the client and that no part has given out yet.
    in_parser: Arc<AtomicU64>,
    fields_bytes: u64,
    config: &'c Config,
}

impl<'c> Form<'c> {
    fn of(request: Request, config: &'c Config) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default());
        let boundary = boundary.map_err(|error| without_boundary(&error))?;
        refuse_long(&boundary)?;
        let in_parser = Arc::new(AtomicU64::new(0));
        let body = config.inflow().of(request.into_body());
        let body = bounded(body, Arc::clone(&in_parser));
        Ok(Self {
            parts: Multipart::new(body, boundary),
            in_parser,
            fields_bytes: 0,
            config,
        })
    }

    async fn next_part(&mut self) -> Result<Option<Field<'static>>, ApiError> {
        self.parts.next_field().await.map_err(refused)
    }

    async fn chunk(&self, part: &mut Field<'static>) -> Result<Option<Bytes>, ApiError> {
        let chunk = part.chunk().await.map_err(refused)?;
        let length = chunk.as_ref().map_or(0, Bytes::len) as u64;
        self.in_parser.fetch_sub(length, Ordering::Relaxed);
        Ok(chunk)
    }

    /// Reads a recipe field. One that is refused for its name is not read, however long it is.
    async fn field(
        &mut self,
        name: &str,
        part: &mut Field<'static>,
        wanted: &mut schemas::Request,
    ) -> Result<(), ApiError> {
        if !FIELDS.contains(&name) {
            return Ok(wanted.set(name, "")?);
        }
        let text = self.text(name, part).await?;
        Ok(wanted.set(name, &text)?)
    }

    async fn text(&mut self, name: &str, part: &mut Field<'static>) -> Result<String, ApiError> {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk(part).await? {
            self.fields_bytes += chunk.len() as u64;
            self.check_fields(name)?;
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| ApiError::NotUtf8(name.to_owned()))
    }

    /// They are bounded together, and the one that goes beyond is named.
    fn check_fields(&self, name: &str) -> Result<(), ApiError> {
        let (measured, limit) = (self.fields_bytes, self.config.fields_bytes_max);
        if measured > limit {
            return Err(ApiError::FieldsTooLong {
                field: name.to_owned(),
                measured,
                limit,
            });
        }
        Ok(())
    }

    /// A file, or the digest of one that is stored.
    async fn logo(
        &mut self,
        part: &mut Field<'static>,
        app: &App,
    ) -> Result<UploadedLogo, ApiError> {
        if part.file_name().is_none() {
            let name = self.text(LOGO, part).await?;
            return UploadedLogo::stored(&name, app).await;
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.chunk(part).await? {
            engine::logo::check_bytes((bytes.len() + chunk.len()) as u64)?;
            bytes.extend_from_slice(&chunk);
        }
        UploadedLogo::of(bytes.freeze())
    }

    /// A URL that could be told nothing is not read.
    async fn webhook(&mut self, part: &mut Field<'static>, app: &App) -> Result<Target, ApiError> {
        app.webhooks.check_on()?;
        let text = self.text(WEBHOOK_URL, part).await?;
        Ok(app.webhooks.target(&text)?)
    }

    async fn image(&self, part: &mut Field<'static>, app: &App) -> Result<Image, ApiError> {
        let filename = part.file_name().unwrap_or_default().to_owned();
        let mut taken = Taken::new(app.spool.writer());
        while let Some(chunk) = self.chunk(part).await? {
            taken.take(&chunk, self.config.image_bytes_max).await?;
        }
        let image = taken.finish(stem(&filename)).await?;
        let media_type = part.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|said| said.to_str().ok());
        claims::note(&filename, media_type, image.format);
        Ok(image)
    }
}

/// A photo while it streams.
struct Taken<'s> {
    spool: Writer<'s>,
    digest: Sha256,
    hash_took: Duration,
    size_bytes: u64,
    /// The first bytes, until they are enough to tell the format.
    magic: Vec<u8>,
}

impl<'s> Taken<'s> {
    fn new(spool: Writer<'s>) -> Self {
        Self {
            spool,
            digest: Sha256::new(),
            hash_took: Duration::ZERO,
            size_bytes: 0,
            magic: Vec::with_capacity(Format::MAGIC_BYTES),
        }
    }

    async fn take(&mut self, chunk: &[u8], size_bytes_max: u64) -> Result<(), ApiError> {
        self.size_bytes += chunk.len() as u64;
        check_size(IMAGE, self.size_bytes, size_bytes_max)?;
        self.look_at(chunk)?;
        let began = Instant::now();
        self.digest.update(chunk);
        self.hash_took += began.elapsed();
        Ok(self.spool.write(chunk).await?)
    }

    /// Refuses what is no image once its first bytes are there.
    fn look_at(&mut self, chunk: &[u8]) -> Result<(), InputError> {
        let missing = Format::MAGIC_BYTES - self.magic.len();
        if missing == 0 {
            return Ok(());
        }
        self.magic.extend(chunk.iter().take(missing));
        if self.magic.len() == Format::MAGIC_BYTES {
            Format::of_bytes(&self.magic).ok_or_else(|| InputError::unknown(&self.magic))?;
        }
        Ok(())
    }

    async fn finish(self, filename: String) -> Result<Image, ApiError> {
        let format =
            Format::of_bytes(&self.magic).ok_or_else(|| InputError::unknown(&self.magic))?;
        Ok(Image {
            filename,
            format,
            sha256: Digest::from_bytes(self.digest.finalize().into()),
            original: self.spool.finish().await?,
            hash_took: self.hash_took,
        })
    }
}

/// The body, which ends in an error when too much of it is neither photo nor field.
fn bounded(
    body: impl Stream<Item = Result<Bytes, Ended>> + Send + 'static,
    in_parser: Arc<AtomicU64>,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    body.map(move |chunk| {
        let chunk = chunk?;
        let length = chunk.len() as u64;
        if in_parser.fetch_add(length, Ordering::Relaxed) + length > OVERHEAD_BYTES_MAX {
            return Err(BodyError::Overhead);
        }
        Ok(chunk)
    })
}

#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error(transparent)]
    Ended(#[from] Ended),
    #[error("more than {OVERHEAD_BYTES_MAX} bytes are no part's content")]
    Overhead,
}

/// A form without a boundary is malformed; anything else is no form.
fn without_boundary(error: &multer::Error) -> ApiError {
    match error {
        multer::Error::NoBoundary => {
            ApiError::Malformed("the form's Content-Type has no boundary".to_owned())
        }
        _ => ApiError::NotAForm,
    }
}

/// What the parser says of a form, or passes on from the body.
fn refused(error: multer::Error) -> ApiError {
    let multer::Error::StreamReadFailed(error) = error else {
        return ApiError::Malformed(format!("the form is malformed: {error}"));
    };
    match error.downcast_ref() {
        Some(BodyError::Ended(Ended::TooSlow(why))) => ApiError::TooSlow(*why),
        _ => ApiError::Malformed(error.to_string()),
    }
}

const fn check_size(what: &'static str, measured: u64, limit: u64) -> Result<(), ApiError> {
    if measured > limit {
        return Err(ApiError::TooLarge {
            what,
            measured,
            limit,
        });
    }
    Ok(())
}

/// A file's name without its folder and extension, whichever system it comes from. A backslash ends a folder on every one of
/// them: some clients escape one that is a letter of the name and others do not, so that it could not be kept either way.
fn stem(filename: &str) -> String {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filename_loses_its_folder_and_extension() {
        for (filename, expected) in [
            ("IMG_0042.jpg", "IMG_0042"),
            ("C:\\photos\\sea.view.jpeg", "sea.view"),
            ("../../etc/passwd", "passwd"),
            (".hidden", ".hidden"),
            ("", ""),
        ] {
            assert_eq!(stem(filename), expected);
        }
    }
}
