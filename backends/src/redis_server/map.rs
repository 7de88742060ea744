//! A cluster's map: which node holds which slots, as one of its nodes tells it.

use redis::Value;

use super::node::Node;

/// What a node knows of its cluster.
#[derive(Debug)]
pub(super) struct Map {
    ranges: Vec<Range>,
}

#[derive(Debug)]
struct Range {
    first: i64,
    last: i64,
    master: Node,
    replicas: Vec<Node>,
}

impl Map {
    /// Reads what `asked` answered to `CLUSTER SLOTS`. A range whose master it does not know is left out.
    pub(super) fn read(answer: &Value, asked: &Node) -> Self {
        let Value::Array(ranges) = answer else {
            return Self { ranges: Vec::new() };
        };
        Self {
            ranges: ranges
                .iter()
                .filter_map(|range| Range::read(range, asked))
                .collect(),
        }
    }

    /// Who holds a slot.
    pub(super) fn master_of(&self, slot: u16) -> Option<&Node> {
        let holds = |range: &&Range| (range.first..=range.last).contains(&slot.into());
        self.ranges.iter().find(holds).map(|range| &range.master)
    }

    /// Every node: those that hold slots, and those that would take over.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.ranges
            .iter()
            .flat_map(|range| std::iter::once(&range.master).chain(&range.replicas))
    }
}

impl Range {
    fn read(range: &Value, asked: &Node) -> Option<Self> {
        let Value::Array(fields) = range else {
            return None;
        };
        let [Value::Int(first), Value::Int(last), master, replicas @ ..] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            first: *first,
            last: *last,
            master: node(master, asked)?,
            replicas: replicas
                .iter()
                .filter_map(|replica| node(replica, asked))
                .collect(),
        })
    }
}

/// A node without a host is on the host that was asked; one with `?` is not known.
fn node(value: &Value, asked: &Node) -> Option<Node> {
    let Value::Array(fields) = value else {
        return None;
    };
    let [host, Value::Int(port), ..] = fields.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
        _ => asked.host.clone(),
    };
    let port = u16::try_from(*port).ok()?;
    (host != "?").then_some(Node { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(host: Value, port: i64) -> Value {
        Value::Array(vec![
            host,
            Value::Int(port),
            text("id"),
            Value::Array(vec![]),
        ])
    }

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn range(first: i64, last: i64, nodes: Vec<Value>) -> Value {
        Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat())
    }

    #[test]
    fn a_map_names_masters_and_every_node() {
        let asked = Node {
            host: "asked".to_owned(),
            port: 1,
        };
        let answer = Value::Array(vec![
            range(0, 99, vec![told(text("a"), 1), told(text("b"), 2)]),
            range(100, 199, vec![told(Value::Nil, 3)]),
            range(200, 299, vec![told(text("?"), 4)]),
        ]);
        let map = Map::read(&answer, &asked);
        let master = |slot| map.master_of(slot).map(Node::to_string);
        assert_eq!(master(99).as_deref(), Some("a:1"));
        assert_eq!(master(100).as_deref(), Some("asked:3"));
        assert_eq!(master(200), None);
        assert_eq!(master(300), None);
        let nodes: Vec<_> = map.nodes().map(Node::to_string).collect();
        assert_eq!(nodes, ["a:1", "b:2", "asked:3"]);
    }
}
