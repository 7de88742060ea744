//! Records on a real Redis, through a wire that can be cut.

use std::time::Duration;

use backends::{
    Results as _,
    error::Cause,
    results::{Redis, Unsent, Watch},
};
use redis::AsyncCommands as _;
use schemas::{Job, Status};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    contract::{
        admit, all, claim, claim_and_tell, job, next, queued, results_contract, state, tell, watch,
    },
    fault_proxy::{FaultProxy, Wire},
    services::{redis_at, redis_url, unique},
};

results_contract!((Redis::new(redis_at(&redis_url())).unwrap(), ()));

/// The server, as the test looks at it beside the implementation.
pub(crate) async fn beside() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

fn command(words: &str) -> redis::Cmd {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    for word in words {
        command.arg(word);
    }
    command
}

/// A wire to the server whose first connection breaks off in the middle of the first answer.
async fn wire_that_breaks_off_once() -> String {
    let url = redis_url();
    let (_, server) = url.trim_end_matches('/').split_once("//").unwrap();
    let server = server.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 1024];
        let _ = first.read(&mut greeting).await.unwrap();
        first.write_all(b"-ERR unknown subcomm").await.unwrap();
        drop(first);
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    format!("redis://{address}/")
}

#[tokio::test]
async fn a_greeting_that_broke_off_is_not_the_last_word() {
    let results = Redis::new(redis_at(&wire_that_breaks_off_once().await)).unwrap();
    results.check().await.unwrap_err();
    let mut turns = tokio::time::interval(Duration::from_millis(50));
    let well = async {
        while results.check().await.is_err() {
            turns.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), well)
        .await
        .expect("it connects again");
}

/// Two processes of a fleet: one speaks over a wire that stays whole, the other watches through a proxy.
pub(crate) struct Fleet {
    pub(crate) speaker: Redis,
    pub(crate) watcher: Redis,
    pub(crate) proxy: FaultProxy,
    namespace: String,
}

impl Fleet {
    pub(crate) async fn new() -> Self {
        let url = redis_url();
        let (_, server) = url.trim_end_matches('/').split_once("//").unwrap();
        let proxy = FaultProxy::before(server.to_owned()).await;
        let namespace = format!("test-{}", unique());
        let through = format!("redis://{}/", proxy.address());
        let results = |url: &str| Redis::new(redis_at(url).with_namespace(&namespace)).unwrap();
        Self {
            speaker: results(&url),
            watcher: results(&through),
            proxy,
            namespace,
        }
    }

    /// A job that is admitted, and a watcher of it that has heard so.
    pub(crate) async fn with_a_watched_job() -> (Self, Job, Watch) {
        let (fleet, job) = (Self::new().await, job());
        admit(&fleet.speaker, &job).await;
        let mut watching = watch(&fleet.watcher, &job.id(), None).await;
        next(&mut watching).await;
        (fleet, job, watching)
    }

    /// As an operator would. The reader may be between two connections; then it is waited for.
    async fn kill_reader(&self) {
        let mut redis = beside().await;
        let name = format!("name={} ", self.key("reader"));
        loop {
            let clients: String = command("CLIENT LIST")
                .query_async(&mut redis)
                .await
                .unwrap();
            let reader = clients.lines().find(|line| line.contains(&name));
            if let Some(id) = reader.and_then(|line| line.strip_prefix("id=")) {
                let (id, _) = id.split_once(' ').unwrap();
                let kill = command(&format!("CLIENT KILL ID {id}"));
                let killed: i64 = kill.query_async(&mut redis).await.unwrap();
                assert_eq!(killed, 1);
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A process that has just begun.
    pub(crate) fn another_watcher(&self) -> Redis {
        let server = redis_at(&redis_url()).with_namespace(&self.namespace);
        Redis::new(server).unwrap()
    }

    /// What a restart without persistence does, to this fleet alone.
    pub(crate) async fn lose_everything(&self) {
        let mut redis = beside().await;
        let pattern = format!("{}:*", self.namespace);
        let keys: Vec<String> = redis.keys(pattern).await.unwrap();
        let _: () = redis.del(keys).await.unwrap();
    }

    pub(crate) fn key(&self, kind: &str) -> String {
        format!("{}:{{0}}:{kind}", self.namespace)
    }
}

#[tokio::test]
async fn what_one_process_says_another_hears() {
    let fleet = Fleet::new().await;
    let job = job();
    let admitted = admit(&fleet.speaker, &job).await.event;
    let watching = watch(&fleet.watcher, &job.id(), None).await;
    let processing = claim_and_tell(&fleet.speaker, &job, Status::Processing).await;
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    assert_eq!(all(watching).await, [admitted, processing, done]);
}

#[tokio::test]
async fn a_cut_wire_costs_no_event() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let before = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    assert_eq!(next(&mut watching).await, before);

    fleet.proxy.set(Wire::Cut);
    let processing = claim_and_tell(&fleet.speaker, &job, Status::Processing).await;
    let retrying = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    fleet.watcher.record(&job.id()).await.unwrap_err();
    fleet.proxy.set(Wire::Whole);
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    assert_eq!(all(watching).await, [processing, retrying, done]);
}

#[tokio::test]
async fn a_reader_that_was_killed_reads_again() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    for _ in 0..3 {
        let told = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
        assert_eq!(next(&mut watching).await, told);
        fleet.kill_reader().await;
    }
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    assert_eq!(all(watching).await, [done]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_costs_its_neighbours_no_event() {
    let fleet = Fleet::new().await;
    let (broken, whole) = (job(), job());
    admit(&fleet.speaker, &broken).await;
    let _watching = watch(&fleet.watcher, &broken.id(), None).await;
    admit(&fleet.speaker, &whole).await;
    let mut watching = watch(&fleet.watcher, &whole.id(), None).await;
    next(&mut watching).await;
    let told = claim_and_tell(&fleet.speaker, &whole, Status::Processing).await;
    assert_eq!(next(&mut watching).await, told);

    fleet.proxy.set(Wire::Cut);
    let key = fleet.key(&format!("job:{}", broken.id()));
    let _: () = beside().await.hset(key, "state", "no state").await.unwrap();
    let missed = claim_and_tell(&fleet.speaker, &whole, Status::Retrying).await;
    fleet.proxy.set(Wire::Whole);
    assert_eq!(next(&mut watching).await, missed);

    // Steps are told live only: who reads records over and over does not see each of them.
    let epoch = claim(&fleet.speaker, &whole.id()).await.epoch;
    for attempt in 1..=20 {
        let mut step = state(&whole, Status::Processing);
        step.attempt = attempt;
        tell(&fleet.speaker, epoch, &step).await;
    }
    for attempt in 1..=20 {
        assert_eq!(next(&mut watching).await.state.attempt, attempt);
    }
}

#[tokio::test]
async fn an_unsent_job_that_cannot_be_read_does_not_hold_up_the_others() {
    let fleet = Fleet::new().await;
    let (broken, whole) = (job(), job());
    admit(&fleet.speaker, &broken).await;
    let epoch = admit(&fleet.speaker, &whole).await.event.id.epoch;
    let key = fleet.key(&format!("job:{}", broken.id()));
    let _: () = beside().await.hset(key, "job", "no job").await.unwrap();
    let unsent = fleet.speaker.unsent(Duration::ZERO, 10).await.unwrap();
    assert_eq!(unsent, [Unsent { job: whole, epoch }]);
}

#[tokio::test]
async fn events_that_were_trimmed_meanwhile_are_read_from_the_records() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let before = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    assert_eq!(next(&mut watching).await, before);

    fleet.proxy.set(Wire::Cut);
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    let _: () = beside().await.del(fleet.key("fire")).await.unwrap();
    fleet.proxy.set(Wire::Whole);
    assert_eq!(all(watching).await, [done]);
}

#[tokio::test]
async fn a_reader_that_was_overrun_reads_the_records() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let before = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    assert_eq!(next(&mut watching).await, before);

    // The reader hangs while the stream runs on, until it keeps only what comes after the job's end.
    fleet.proxy.set(Wire::Silent);
    claim_and_tell(&fleet.speaker, &job, Status::Processing).await;
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    let mut flood = redis::pipe();
    for _ in 0..600 {
        let add = flood.cmd("XADD").arg(fleet.key("fire"));
        add.arg(&["MAXLEN", "=", "600", "*", "id", "none"]).ignore();
    }
    flood.exec_async(&mut beside().await).await.unwrap();
    fleet.proxy.set(Wire::Whole);
    assert_eq!(all(watching).await.last(), Some(&done));
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_used_once_it_is_up() {
    let fleet = Fleet::new().await;
    let job = job();
    fleet.proxy.set(Wire::Cut);
    let down = fleet.watcher.admit(&job, &queued(&job), false, None).await;
    assert!(matches!(down.unwrap_err().cause, Cause::Failed(_)));
    assert!(fleet.watcher.watch(&job.id(), None).await.is_err());
    fleet.watcher.check().await.unwrap_err();

    fleet.proxy.set(Wire::Whole);
    admit(&fleet.watcher, &job).await;
    let watching = watch(&fleet.watcher, &job.id(), None).await;
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    assert_eq!(all(watching).await.last(), Some(&done));
}

#[tokio::test]
async fn a_server_that_hangs_is_an_error_in_time() {
    let fleet = Fleet::new().await;
    let job = job();
    admit(&fleet.watcher, &job).await;
    fleet.proxy.set(Wire::Silent);
    let error = fleet.watcher.record(&job.id()).await.unwrap_err();
    assert!(
        matches!(error.cause, Cause::Timeout(limit) if limit == Duration::from_secs(1)),
        "{error}"
    );
}

#[tokio::test]
async fn records_expire_by_themselves() {
    let fleet = Fleet::new().await;
    let (job, claimed) = (job(), job());
    let mut redis = beside().await;
    let key = |kind: &str| fleet.key(&format!("{kind}:{}", job.id()));
    admit(&fleet.speaker, &job).await;
    for kind in ["job", "log"] {
        let seconds: i64 = redis.ttl(key(kind)).await.unwrap();
        assert!((604_700..=604_800).contains(&seconds), "{kind}: {seconds}");
    }
    claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    let record: i64 = redis.ttl(key("job")).await.unwrap();
    let log: i64 = redis.ttl(key("log")).await.unwrap();
    assert!((86_300..=86_400).contains(&record), "{record}");
    assert!((500..=600).contains(&log), "{log}");
    claim(&fleet.speaker, &claimed.id()).await;
    let seconds: i64 = redis
        .ttl(fleet.key(&format!("job:{}", claimed.id())))
        .await
        .unwrap();
    assert!(seconds > 604_700, "{seconds}");
}

#[tokio::test]
async fn a_mark_on_a_lost_record_leaves_no_trace() {
    let fleet = Fleet::new().await;
    let job = job();
    let epoch = admit(&fleet.speaker, &job).await.event.id.epoch;
    let key = fleet.key(&format!("job:{}", job.id()));
    let mut redis = beside().await;
    let _: () = redis.del(&key).await.unwrap();
    fleet.speaker.mark_sent(&job.id(), epoch).await.unwrap();
    assert!(!redis.exists::<_, bool>(&key).await.unwrap());
}

#[tokio::test]
async fn a_claim_whose_record_was_lost_may_speak_and_its_watchers_hear_it() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let claimed = claim(&fleet.speaker, &job.id()).await;
    tell(
        &fleet.speaker,
        claimed.epoch,
        &state(&job, Status::Processing),
    )
    .await;
    next(&mut watching).await;
    let key = fleet.key(&format!("job:{}", job.id()));
    let _: () = beside().await.del(key).await.unwrap();
    tell(&fleet.speaker, claimed.epoch, &state(&job, Status::Done)).await;
    let seen = all(watching).await;
    assert_eq!(seen.last().unwrap().state.status, Status::Done);
}
