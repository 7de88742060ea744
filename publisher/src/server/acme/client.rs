//! How the ACME server is spoken to.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

/// Longest a server may take over an answer. 30 s: it answers at once and is asked again while it is busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest answer. 1 MiB: a chain of certificates has some kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// An HTTPS client.
#[derive(Clone, Debug)]
pub(super) struct Client(reqwest::Client);

impl Client {
    /// Trusts `root` alone, or the public roots.
    pub(super) fn new(root: Option<&[u8]>) -> reqwest::Result<Self> {
        let mut client = reqwest::Client::builder()
            .https_only(true)
            .timeout(ANSWER_WITHIN);
        if let Some(root) = root {
            let root = reqwest::Certificate::from_pem(root)?;
            client = client
                .tls_built_in_root_certs(false)
                .add_root_certificate(root);
        }
        Ok(Self(client.build()?))
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let request = Request::from_parts(head, body).try_into().map_err(other)?;
            let answer = client.execute(request).await.map_err(other)?;
            let answer = http::Response::<reqwest::Body>::from(answer);
            Ok(answer
                .map(|body| Limited::new(body, ANSWER_BYTES_MAX))
                .into())
        })
    }
}

fn other(error: reqwest::Error) -> Error {
    Error::Other(Box::new(error))
}
