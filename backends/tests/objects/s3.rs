//! A bucket on a real server.

use backends::{
    ObjectStore as _,
    error::Cause,
    objects::{Body, S3, S3Options},
};
use schemas::Digest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    bucket::s3_options,
    contract::{
        PLENTY, bytes_of_our_own, file_of, object_store_contract, original_of, result_key,
        try_put_file,
    },
};

object_store_contract!((bucket(), ()));

fn bucket() -> S3 {
    S3::new(&s3_options()).unwrap()
}

#[tokio::test]
async fn an_original_that_changed_on_its_way_is_refused() {
    let (meant, sent) = (bytes_of_our_own(1000), bytes_of_our_own(1000));
    let store = bucket();
    let put = try_put_file(&store, &original_of(&meant), &file_of(&sent)).await;
    let error = put.unwrap_err();
    assert!(matches!(error.cause, Cause::Refused(_)), "{error}");
}

#[tokio::test]
async fn a_result_that_changed_on_its_way_is_refused() {
    let wire = wire_that_damages(&s3_options().endpoint).await;
    let store = S3::new(&S3Options {
        endpoint: wire,
        ..s3_options()
    })
    .unwrap();
    let body = Body::Bytes(MEANT.into());
    let put = store.put(&result_key(), body, "image/png").await;
    let error = put.unwrap_err();
    assert!(matches!(error.cause, Cause::Refused(_)), "{error}");
}

#[tokio::test]
async fn a_result_is_held_against_the_digest_that_it_came_with() {
    let bytes = bytes_of_our_own(1000);
    let put = async |sha256| {
        let body = Body::Digested {
            bytes: bytes.clone(),
            sha256,
        };
        bucket().put(&result_key(), body, "image/png").await
    };
    put(Digest::of(&bytes)).await.unwrap();
    let error = put(Digest::of(b"other bytes")).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Refused(_)), "{error}");
}

#[tokio::test]
async fn an_unknown_bucket_is_named_as_such() {
    let store = S3::new(&S3Options {
        bucket: "no-such-bucket".to_owned(),
        ..s3_options()
    })
    .unwrap();
    let checked = store.check().await.unwrap_err().to_string();
    assert!(checked.contains("NoSuchBucket"), "{checked}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_never_told() {
    let secret_key = "wrong-secret-key";
    let store = S3::new(&S3Options {
        secret_key: secret_key.to_owned(),
        ..s3_options()
    })
    .unwrap();
    let bytes = bytes_of_our_own(10);
    let put = try_put_file(&store, &original_of(&bytes), &file_of(&bytes)).await;
    for error in [put.unwrap_err(), store.check().await.unwrap_err()] {
        assert!(matches!(error.cause, Cause::Refused(_)), "{error}");
        let told = format!("{error} {error:?} {store:?}");
        assert!(
            !told.contains(secret_key) && !told.contains("X-Amz-Signature"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error_without_the_signature() {
    let store = S3::new(&S3Options {
        endpoint: "http://127.0.0.1:9".to_owned(),
        ..s3_options()
    })
    .unwrap();
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Failed(_)), "{error}");
    assert!(!format!("{error:?}").contains("X-Amz"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = S3::new(&S3Options {
        endpoint: format!("http://{}", silent.local_addr().unwrap()),
        ..s3_options()
    })
    .unwrap();
    let key = result_key();
    let (head, get) = tokio::join!(store.head(&key), store.get(&key, PLENTY));
    for error in [head.unwrap_err(), get.unwrap_err()] {
        assert!(
            matches!(error.cause, Cause::Timeout(waited) if waited.as_secs() == 5),
            "{error}"
        );
    }
}

const MEANT: &[u8] = b"a result as it was made";

/// A wire to the server at `endpoint`, for one connection, on which [`MEANT`] becomes something else.
async fn wire_that_damages(endpoint: &str) -> String {
    let server = endpoint.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut piece = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut piece).await {
            let piece = &mut piece[..length];
            if let Some(place) = piece.windows(MEANT.len()).position(|here| here == MEANT) {
                piece[place] ^= 1;
            }
            to_server.write_all(piece).await.unwrap();
        }
    });
    format!("http://{address}")
}
