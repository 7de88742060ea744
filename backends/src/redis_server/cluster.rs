//! A cluster: who holds which shard, and how a command finds its way after a shard has moved.
//!
//! A shard is one slot, so all there is to know is eight addresses. Each is found on its own and forgotten on its own:
//! a node that hangs holds up its shards and nobody else's.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::select_ok;
use rand::seq::IteratorRandom as _;
use redis::{
    Cmd, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
    aio::ConnectionLike as _,
};
use tracing::info;

use super::{address::Seeds, connection::Connection, map::Map, node::Node, shard::Shard};

/// Nodes that are asked for the map at once; the first answer counts. One may be down and another cut off.
const NODES_ASKED_MAX: usize = 4;

/// Between two tries of a command whose keys are just being moved to another node.
const MOVING_PAUSE: Duration = Duration::from_millis(20);

/// Redirections that one command follows: as many pauses as fit into the second it may take.
const HOPS_MAX: usize = 50;

/// A cluster of Redis nodes.
pub(crate) struct Cluster {
    /// How to connect to any node, save its address.
    like: ConnectionInfo,
    /// The nodes from the settings, which may be gone by now.
    seeds: Vec<Node>,
    known: Mutex<Known>,
    /// Held by the one who asks for the map: the others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

/// What we were told, and the connections to whom we spoke. Both follow the cluster: a node that leaves it is forgotten.
#[derive(Default)]
struct Known {
    masters: HashMap<Shard, Node>,
    nodes: BTreeSet<Node>,
    connections: HashMap<Node, Connection>,
}

/// Where a command goes next.
enum Way {
    /// To whoever holds the shard.
    Master(Node),
    /// To whom this key was moved already, although the shard was not yet.
    Importing(Node),
}

impl Cluster {
    pub(super) fn new(seeds: &Seeds) -> Self {
        Self {
            like: seeds.like.clone(),
            seeds: seeds.nodes.clone(),
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Sends a command to whoever holds `shard`, wherever that has moved.
    pub(super) async fn send(&self, shard: Shard, command: &Cmd) -> RedisResult<Value> {
        let mut way = Way::Master(self.find(shard).await?);
        for _ in 1..HOPS_MAX {
            let answer = self.try_way(shard, &way, command).await;
            match self.next_way(shard, &way, &answer).await? {
                Some(next) => way = next,
                None => return answer,
            }
        }
        self.try_way(shard, &way, command).await
    }

    /// A connection to whoever holds `shard`.
    pub(super) async fn master_of(&self, shard: Shard) -> RedisResult<Connection> {
        let master = self.find(shard).await?;
        self.connection(&master)
    }

    /// The address of whoever holds `shard`.
    pub(super) async fn address_of(&self, shard: Shard) -> RedisResult<ConnectionInfo> {
        Ok(self.find(shard).await?.connection(&self.like))
    }

    /// Whoever held `shard` may do so no more.
    pub(super) fn forget(&self, shard: Shard) {
        self.known().masters.remove(&shard);
    }

    async fn try_way(&self, shard: Shard, way: &Way, command: &Cmd) -> RedisResult<Value> {
        let doubt = Doubt::new(self, shard);
        let answer = match way {
            Way::Master(node) => self.connection(node)?.req_packed_command(command).await,
            Way::Importing(node) => ask(self.connection(node)?, command).await,
        };
        let answer = answer.and_then(Value::extract_error);
        if is_sound(&answer) {
            doubt.settle();
        }
        answer
    }

    /// What the answer says of the way: `None` where it was the right one.
    async fn next_way(
        &self,
        shard: Shard,
        way: &Way,
        answer: &RedisResult<Value>,
    ) -> RedisResult<Option<Way>> {
        let (Way::Master(asked) | Way::Importing(asked)) = way;
        let Err(error) = answer else {
            return Ok(None);
        };
        let named = || asked.named(error.redirect_node()?.0);
        Ok(match error.kind() {
            ErrorKind::Server(ServerErrorKind::Moved) => named().map(|master| {
                info!("Redis shard {shard} has moved to {master}");
                self.known().masters.insert(shard, master.clone());
                Way::Master(master)
            }),
            ErrorKind::Server(ServerErrorKind::Ask) => named().map(Way::Importing),
            ErrorKind::Server(ServerErrorKind::TryAgain) => {
                tokio::time::sleep(MOVING_PAUSE).await;
                Some(Way::Master(self.find(shard).await?))
            }
            _ => None,
        })
    }

    /// Who holds `shard`, as far as we were told; else a few nodes are asked.
    async fn find(&self, shard: Shard) -> RedisResult<Node> {
        let known = || self.known().masters.get(&shard).cloned();
        if let Some(master) = known() {
            return Ok(master);
        }
        let _alone = self.asking.lock().await;
        if let Some(master) = known() {
            return Ok(master);
        }
        let asked = self.some_nodes();
        let answers = asked
            .iter()
            .map(|node| Box::pin(self.map_told_by(node, shard)));
        let ((map, master), _slower) = select_ok(answers).await?;
        self.learn(&map, shard, &master);
        Ok(master)
    }

    /// Those from the settings and those the cluster named, in an order of chance: who is asked in vain now is not asked
    /// for ever.
    fn some_nodes(&self) -> Vec<Node> {
        let known = self.known();
        let nodes: BTreeSet<_> = known.nodes.iter().chain(&self.seeds).cloned().collect();
        nodes.into_iter().sample(&mut rand::rng(), NODES_ASKED_MAX)
    }

    /// A map that says who holds `shard`; a node that does not know has left the cluster, or never came in.
    async fn map_told_by(&self, node: &Node, shard: Shard) -> RedisResult<(Map, Node)> {
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        let told = slots.query_async(&mut self.connection(node)?).await?;
        let map = Map::read(&told, node);
        let master = map.master_of(shard.slot()).cloned();
        match master {
            Some(master) => Ok((map, master)),
            None => Err(nobody_holds(shard, node)),
        }
    }

    fn learn(&self, map: &Map, shard: Shard, master: &Node) {
        let mut known = self.known();
        known.masters.insert(shard, master.clone());
        known.nodes = map.nodes().cloned().collect();
        let Known {
            nodes, connections, ..
        } = &mut *known;
        connections.retain(|node, _| nodes.contains(node));
    }

    fn connection(&self, node: &Node) -> RedisResult<Connection> {
        let mut known = self.known();
        if let Some(connection) = known.connections.get(node) {
            return Ok(connection.clone());
        }
        let connection = Connection::to(node.connection(&self.like))?;
        known.connections.insert(node.clone(), connection.clone());
        Ok(connection)
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets who holds a shard unless that one answered. A command whose time is up is dropped where it stands, and then
/// too the shard may have got another master.
struct Doubt<'a> {
    of: Option<(&'a Cluster, Shard)>,
}

impl<'a> Doubt<'a> {
    fn new(cluster: &'a Cluster, shard: Shard) -> Self {
        Self {
            of: Some((cluster, shard)),
        }
    }

    fn settle(mut self) {
        self.of = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some((cluster, shard)) = self.of {
            cluster.forget(shard);
        }
    }
}

/// Whether this is the answer of a node that is well, even where it says no.
fn is_sound(answer: &RedisResult<Value>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => match error.kind() {
            ErrorKind::Server(kind) => !matches!(
                kind,
                ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ReadOnly
            ),
            _ => false,
        },
    }
}

/// The command, to a node that answers for a shard it does not hold yet only when it is asked like this.
///
/// Its answer is taken as it is: the error that the library makes of a failed pipeline does not say where a key has moved.
async fn ask(mut importing: Connection, command: &Cmd) -> RedisResult<Value> {
    let mut asking = redis::pipe();
    asking.cmd("ASKING").add_command(command.clone());
    let answers = importing.req_packed_commands(&asking, 0, 2).await?;
    answers.into_iter().last().ok_or_else(no_answer)
}

fn no_answer() -> RedisError {
    (ErrorKind::Client, "the node answered nothing").into()
}

fn nobody_holds(shard: Shard, told_by: &Node) -> RedisError {
    let told = format!(
        "{told_by} knows no node that holds slot {} of shard {shard}",
        shard.slot()
    );
    (ErrorKind::Client, "the cluster has a gap", told).into()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{address::Address, shard::Shards},
        *,
    };

    /// The cluster that the tests share.
    fn cluster() -> Cluster {
        let url = std::env::var("NWS_TEST_REDIS_CLUSTER_URL").expect(
            "this test needs a cluster in NWS_TEST_REDIS_CLUSTER_URL: run it with ops/services run",
        );
        match url.parse() {
            Ok(Address::Cluster(seeds)) => Cluster::new(&seeds),
            _ => panic!("{url} is no cluster"),
        }
    }

    #[tokio::test]
    async fn a_node_that_imports_a_shard_no_more_is_asked_who_holds_it() {
        let cluster = cluster();
        let shard = Shards::OF_A_CLUSTER.all().next().unwrap();
        let master = cluster.find(shard).await.unwrap();
        let other = cluster.seeds.iter().find(|node| **node != master);

        let mut command = redis::cmd("GET");
        command.arg(format!("nws:{shard}:nothing"));
        let way = Way::Importing(other.unwrap().clone());
        let answer = cluster.try_way(shard, &way, &command).await;
        let next = cluster.next_way(shard, &way, &answer).await.unwrap();
        assert!(matches!(next, Some(Way::Master(node)) if node == master));
    }
}
