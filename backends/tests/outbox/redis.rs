//! The outbox on a real Redis, and on a cluster.

use backends::{RedisServer, outbox, results};

use crate::{
    contract::outbox_contract,
    services::{redis_at, redis_cluster_url, redis_url},
};

outbox_contract!(on(redis_at(&redis_url())));

mod cluster {
    use super::{on, outbox_contract, redis_at, redis_cluster_url};

    outbox_contract!(on(redis_at(&redis_cluster_url())));
}

fn on(server: RedisServer) -> (results::Redis, outbox::Redis, ()) {
    let results = results::Redis::new(server.clone()).unwrap();
    (results, outbox::Redis::new(server).unwrap(), ())
}
