//! The bucket the tests may fill.

use std::sync::Once;

use backends::objects::S3Options;

use crate::settings::setting;

/// The test bucket. Tests share it: their keys are digests of bytes that no other test has.
pub(crate) fn s3_options() -> S3Options {
    install_tls();
    S3Options {
        endpoint: setting("NWS_TEST_S3_ENDPOINT"),
        bucket: setting("NWS_TEST_S3_BUCKET"),
        region: setting("NWS_TEST_S3_REGION"),
        access_key: setting("NWS_TEST_S3_ACCESS_KEY"),
        secret_key: setting("NWS_TEST_S3_SECRET_KEY"),
    }
}

/// What `main` does in its first line.
pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .expect("nobody installed another one");
    });
}
