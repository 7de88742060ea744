//! The Redis cluster of `ops/services`, and what may happen to it.

use std::process::Command;

use redis::{FromRedisValue, aio::MultiplexedConnection};

use crate::{services::redis_cluster_url, settings::setting};

/// The cluster, as an operator works with it.
pub(crate) struct Cluster {
    ports: Vec<u16>,
}

/// A node, as another one knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) port: u16,
    id: String,
    master: String,
    slots: Vec<(u16, u16)>,
}

/// A node that is away until this is dropped.
pub(crate) struct Away {
    port: u16,
    back: &'static str,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let url = redis_cluster_url();
        let ports = url.rsplit(':').map(|rest| rest.split(',').next().unwrap());
        Self {
            ports: ports.filter_map(|port| port.parse().ok()).collect(),
        }
    }

    /// Whoever holds a slot.
    pub(crate) async fn holder(&self, slot: u16) -> Node {
        let nodes = self.nodes().await;
        let holds = |node: &Node| {
            node.slots
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&slot))
        };
        nodes.into_iter().find(holds).expect("somebody holds it")
    }

    /// Who would take over from a master.
    pub(crate) async fn replica_of(&self, master: &Node) -> Option<Node> {
        let nodes = self.nodes().await;
        nodes.into_iter().find(|node| node.master == master.id)
    }

    /// Makes a replica the master without asking those it would ask: they may be dead.
    pub(crate) async fn take_over(&self, replica: &Node) {
        replica.tell::<String>("CLUSTER FAILOVER TAKEOVER").await;
    }

    /// Ends a node at once. It is started again, without its data, when the answer is dropped.
    pub(crate) fn kill(&self, node: &Node) -> Away {
        Away::take(node, "kill9", "restart")
    }

    /// Has a node stand still, as one whose machine swaps, until the answer is dropped.
    pub(crate) fn pause(&self, node: &Node) -> Away {
        Away::take(node, "pause", "resume")
    }

    /// Every node, as the first one that answers knows them.
    async fn nodes(&self) -> Vec<Node> {
        for port in &self.ports {
            if let Some(mut connection) = connect(*port).await {
                let told: String = command("CLUSTER NODES")
                    .query_async(&mut connection)
                    .await
                    .unwrap();
                return told.lines().map(Node::read).collect();
            }
        }
        panic!("no node of the cluster answers");
    }
}

impl Node {
    /// Has the node do what the words say.
    pub(crate) async fn tell<T: FromRedisValue>(&self, words: &str) -> T {
        let mut connection = connect(self.port).await.expect("the node answers");
        command(words).query_async(&mut connection).await.unwrap()
    }

    /// A line of `CLUSTER NODES`: id, address, role, master, …, slots from the ninth word on.
    fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let (address, _bus) = words[1].split_once('@').unwrap();
        let slots = words.iter().skip(8).filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((first.parse().ok()?, last.parse().ok()?))
        });
        Self {
            port: address.rsplit(':').next().unwrap().parse().unwrap(),
            id: words[0].to_owned(),
            master: words[3].to_owned(),
            slots: slots.collect(),
        }
    }
}

/// A slot on its way from one master to another.
pub(crate) struct Move {
    pub(crate) slot: u16,
    pub(crate) from: Node,
    pub(crate) to: Node,
}

impl Move {
    pub(crate) fn back(&self) -> Self {
        Self {
            slot: self.slot,
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }

    /// From now on each key is either here or there, and new ones come into being there.
    pub(crate) async fn begin(&self) {
        let Self { slot, from, to } = self;
        let importing = format!("CLUSTER SETSLOT {slot} IMPORTING {}", from.id);
        to.tell::<()>(&importing).await;
        let migrating = format!("CLUSTER SETSLOT {slot} MIGRATING {}", to.id);
        from.tell::<()>(&migrating).await;
    }

    /// Takes over every key.
    pub(crate) async fn carry_keys(&self) {
        let Self { slot, from, to } = self;
        loop {
            let keys: Vec<String> = from
                .tell(&format!("CLUSTER GETKEYSINSLOT {slot} 100"))
                .await;
            if keys.is_empty() {
                return;
            }
            let carry = format!("MIGRATE 127.0.0.1 {} | 0 5000 REPLACE KEYS", to.port);
            from.tell::<()>(&format!("{carry} {}", keys.join(" ")))
                .await;
        }
    }

    /// Says that the slot has arrived.
    pub(crate) async fn end(&self) {
        let arrived = format!("CLUSTER SETSLOT {} NODE {}", self.slot, self.to.id);
        for node in [&self.to, &self.from] {
            node.tell::<()>(&arrived).await;
        }
    }
}

impl Away {
    fn take(node: &Node, away: &str, back: &'static str) -> Self {
        let port = node.port;
        order(away, port);
        Self { port, back }
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        order(self.back, self.port);
    }
}

fn order(order: &str, port: u16) {
    let port = port.to_string();
    let mut program = Command::new(setting("NWS_TEST_REDIS_NODE"));
    let done = program.args([order, &port]).status().unwrap();
    assert!(done.success(), "{order} {port}");
}

async fn connect(port: u16) -> Option<MultiplexedConnection> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    client.get_multiplexed_async_connection().await.ok()
}

/// A `|` stands for an empty word.
fn command(words: &str) -> redis::Cmd {
    let mut words = words
        .split(' ')
        .map(|word| if word == "|" { "" } else { word });
    let mut command = redis::cmd(words.next().unwrap());
    for word in words {
        command.arg(word);
    }
    command
}
