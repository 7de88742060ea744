use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn refused(change: impl FnOnce(&mut Config)) -> Option<&'static str> {
    let mut config = Config {
        webhook_secrets: SECRET.to_owned(),
        ..Config::default()
    };
    change(&mut config);
    config.check().err().map(|error| error.key)
}

#[test]
fn webhooks_are_off_until_there_is_a_secret() {
    assert!(Config::default().policy().unwrap().is_none());
    assert_eq!(refused(|_| {}), None);
    assert_eq!(
        refused(|it| {
            it.webhook_secrets.clear();
            it.webhook_url = "https://example.com/".to_owned();
        }),
        Some("webhook_secrets")
    );
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for (key, refused) in [
        (
            "webhook_secrets",
            refused(|it| it.webhook_secrets = "hush".to_owned()),
        ),
        (
            "webhook_url",
            refused(|it| it.webhook_url = "https://10.0.0.1/".to_owned()),
        ),
        (
            "webhook_private_networks",
            refused(|it| it.webhook_private_networks = "10.0.0.0/99".to_owned()),
        ),
        (
            "webhook_ca_file",
            refused(|it| it.webhook_ca_file = "/no/such.pem".to_owned()),
        ),
        (
            "webhook_timeout_secs",
            refused(|it| it.webhook_timeout_secs = 0),
        ),
        (
            "webhook_backoff_ms",
            refused(|it| it.webhook_backoff_ms = 0),
        ),
        (
            "webhook_backoff_secs_max",
            refused(|it| it.webhook_backoff_secs_max = 0),
        ),
        (
            "webhook_age_secs_max",
            refused(|it| it.webhook_age_secs_max = u64::MAX),
        ),
        (
            "webhook_interval_ms",
            refused(|it| it.webhook_interval_ms = 0),
        ),
        (
            "webhooks_in_flight_max",
            refused(|it| it.webhooks_in_flight_max = 0),
        ),
        (
            "webhooks_per_target_max",
            refused(|it| it.webhooks_per_target_max = 65),
        ),
    ] {
        assert_eq!(refused, Some(key));
    }
}

#[test]
fn no_secret_is_shown() {
    let config = Config {
        webhook_secrets: SECRET.to_owned(),
        webhook_url: "https://example.com/?token=MfKQ".to_owned(),
        ..Config::default()
    };
    let policy = config.policy().unwrap();
    let shown = format!("{config:?} {:?}", policy.map(|policy| policy.secrets));
    assert!(!shown.contains("MfKQ"), "{shown}");
}

#[test]
fn a_file_without_a_sound_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let name = file.display().to_string();
    let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    for (text, is_refused) in [
        (String::new(), true),
        ("hush".to_owned(), true),
        (broken.to_owned(), true),
        (pem(), false),
        (pem() + &pem(), false),
        (pem() + broken, true),
    ] {
        fs::write(&file, &text).unwrap();
        let config = Config {
            webhook_secrets: SECRET.to_owned(),
            webhook_ca_file: name.clone(),
            ..Config::default()
        };
        let refused = config.check().err();
        assert_eq!(refused.is_some(), is_refused, "{text}: {refused:?}");
        if let Some(error) = refused {
            assert_eq!(error.key, "webhook_ca_file");
            assert!(error.to_string().contains(&name), "{error}");
        }
    }
}

fn pem() -> String {
    let made = rcgen::generate_simple_self_signed(["nws.test".to_owned()]);
    made.unwrap().cert.pem()
}
