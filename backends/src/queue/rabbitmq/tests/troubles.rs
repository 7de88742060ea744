//! What a broker's silences, alarms and refusals may cost: time, and nothing else.

use std::time::Instant;

use lapin::Event;

use super::*;
use crate::queue::{Reason, Verdict};

#[tokio::test]
async fn a_session_that_was_asked_just_now_is_not_given_up() {
    let kept = outlasts_a_silent_publish(|config| {
        config.publish_max = Duration::from_millis(300);
    });
    assert!(kept.await, "it had no time to answer");
}

#[tokio::test]
async fn a_silent_session_is_given_up() {
    let kept = outlasts_a_silent_publish(|config| {
        config.answer_max = Duration::from_secs(1);
        config.publish_max = Duration::from_secs(2);
    });
    assert!(!kept.await);
}

/// Whether the session that publishes is the same after the wire was silent for the whole time of a publish.
async fn outlasts_a_silent_publish(change: impl FnOnce(&mut Config)) -> bool {
    let proxy = wire().await;
    let mut config = config(&proxied(&proxy));
    change(&mut config);
    let subject = Networked::with(config).await;
    let session = within(subject.queue.0.publish.session()).await.unwrap();
    proxy.silence();
    subject.queue.send(&job(1)).await.unwrap_err();
    proxy.mend();
    let now = within(subject.queue.0.publish.session()).await.unwrap();
    subject.end().await;
    Arc::ptr_eq(&session, &now)
}

#[tokio::test]
async fn a_check_tells_an_alarm_at_once_and_its_end_too() {
    let subject = Networked::new().await;
    subject.queue.check().await.unwrap();
    let publishing = within(subject.queue.0.publish.session()).await.unwrap();
    publishing.hear(Event::ConnectionBlocked("a test".into()));
    let refused = subject.queue.check().await.unwrap_err().to_string();
    assert!(refused.contains("its memory or its disk"), "{refused}");
    publishing.hear(Event::ConnectionUnblocked);
    subject.queue.check().await.unwrap();
    subject.end().await;
}

#[tokio::test]
async fn a_broker_that_confirms_nothing_is_not_well() {
    let proxy = wire().await;
    let subject = Networked::with(Config {
        answer_max: Duration::from_secs(1),
        ..config(&proxied(&proxy))
    })
    .await;
    subject.queue.check().await.unwrap();
    proxy.silence();
    let silent = subject.queue.check().await.unwrap_err().to_string();
    assert!(silent.contains("no answer within 1000 ms"), "{silent}");
    proxy.mend();
    within(async { while subject.queue.check().await.is_err() {} }).await;
    subject.end().await;
}

#[tokio::test]
async fn a_session_that_confirms_no_probe_is_given_up_also_by_those_who_do_not_wait_for_it() {
    for patience in [Duration::from_millis(300), Duration::from_secs(5)] {
        let proxy = wire().await;
        let subject = Networked::with(Config {
            answer_max: Duration::from_secs(1),
            ..config(&proxied(&proxy))
        })
        .await;
        let session = within(subject.queue.0.publish.session()).await.unwrap();
        proxy.silence();
        let silent_since = Instant::now();
        while silent_since.elapsed() < Duration::from_secs(2) {
            let _ = timeout(patience, subject.queue.check()).await;
        }
        assert!(!session.works(), "patience {patience:?}");
        proxy.mend();
        within(subject.queue.0.publish.session()).await.unwrap();
        subject.end().await;
    }
}

#[tokio::test]
async fn a_session_that_broke_before_it_was_lent_out_ends() {
    let (subject, proxy) = Networked::proxied().await;
    let broker = &subject.queue.0;
    let session = session::build(&broker.config, &broker.topology, Role::Publish).await;
    let session = session.unwrap();
    proxy.cut();
    within(async {
        while session.connection.status().connected() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(session.ended()).await;
    proxy.mend();
    subject.end().await;
}

#[tokio::test]
async fn a_passing_refusal_of_a_burial_spends_no_crash() {
    let subject = Networked::new().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    let (_connection, channel) = admin().await;
    let grave = subject.queue.0.topology.dead_queue();
    channel
        .queue_delete(grave, QueueDeleteOptions::default())
        .await
        .unwrap();
    contract::bury(delivery, Reason::AttemptsSpent).await;
    contract::dead::letters(&subject, 1).await;
    subject.end().await;
}

#[tokio::test]
async fn a_short_alarm_spends_no_crash() {
    let subject = Networked::with(Config {
        publish_max: Duration::from_secs(1),
        ..config(&server())
    })
    .await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    let publishing = within(subject.queue.0.publish.session()).await.unwrap();
    publishing.hear(Event::ConnectionBlocked("a test".into()));
    let alarm = async {
        // Asked after the retry, and given up: so was the retry's first try.
        subject.queue.send(&job(2)).await.unwrap_err();
        publishing.hear(Event::ConnectionUnblocked);
    };
    tokio::join!(retry(delivery, Duration::ZERO), alarm);
    let again = receive(&mut receiver).await;
    assert_eq!((again.attempt, again.crashes), (2, 0));
    done(again).await;
    subject.end().await;
}

#[tokio::test]
async fn nothing_is_secured_for_a_delivery_that_is_lost() {
    let subject = Networked::new().await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    let publishing = within(subject.queue.0.publish.session()).await.unwrap();
    publishing.hear(Event::ConnectionBlocked("a test".into()));
    let consuming = within(subject.queue.0.consume.session()).await.unwrap();
    let verdict = Verdict::Retry {
        delay: Duration::ZERO,
        failure: contract::failure(),
    };
    let loss = async { consuming.give_up() };
    let (secured, ()) =
        within(async { tokio::join!(delivery.secure(&verdict, "worker", 0), loss) }).await;
    let refused = secured.unwrap_err().to_string();
    assert!(refused.contains("the channel is gone"), "{refused}");
    publishing.hear(Event::ConnectionUnblocked);
    subject.end().await;
}

#[tokio::test]
async fn an_alarm_that_lasts_is_told_in_the_end() {
    let subject = Networked::with(Config {
        publish_max: Duration::from_secs(1),
        secure_max: Duration::from_secs(1),
        ..config(&server())
    })
    .await;
    let mut receiver = receiver(&subject).await;
    send(&subject, [1]).await;
    let delivery = receive(&mut receiver).await;
    let publishing = within(subject.queue.0.publish.session()).await.unwrap();
    publishing.hear(Event::ConnectionBlocked("a test".into()));
    let verdict = Verdict::Retry {
        delay: Duration::ZERO,
        failure: contract::failure(),
    };
    let secured = within(delivery.secure(&verdict, "worker", 0)).await;
    let refused = secured.unwrap_err().to_string();
    assert!(refused.contains("no answer within 1000 ms"), "{refused}");
    subject.end().await;
}
