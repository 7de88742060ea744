//! A script that runs on the server, and a call of it.

use redis::{ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};

use super::AtShard;

/// A script that runs on the server, known there by its digest.
pub(crate) struct Script {
    text: &'static str,
    digest: String,
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        let digest = redis::Script::new(text).get_hash().to_owned();
        Self { text, digest }
    }

    /// A call, for whoever gives it its keys and arguments.
    pub(crate) const fn call(&self) -> Call<'_> {
        Call {
            script: self,
            keys: Vec::new(),
            arguments: Vec::new(),
        }
    }
}

/// A call of a script.
pub(crate) struct Call<'a> {
    script: &'a Script,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

impl Call<'_> {
    pub(crate) fn key(&mut self, key: String) -> &mut Self {
        self.keys.push(key);
        self
    }

    pub(crate) fn arg(&mut self, argument: impl ToRedisArgs) -> &mut Self {
        self.arguments.extend(argument.to_redis_args());
        self
    }

    /// Calls the script by its digest, and with its text where that is not known.
    ///
    /// The library loads the text first, with a command that has no key. While a shard moves, that goes to its master, and
    /// the call to the node that imports it, which would never learn the script. What has the call's keys goes its way.
    pub(crate) async fn run<T: FromRedisValue>(&self, mut at: AtShard) -> RedisResult<T> {
        let known = self.command("EVALSHA", &self.script.digest);
        match known.query_async(&mut at).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let told = self.command("EVAL", self.script.text);
                told.query_async(&mut at).await
            }
            answer => answer,
        }
    }

    fn command(&self, name: &str, script: &str) -> redis::Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len());
        command.arg(&self.keys).arg(&self.arguments);
        command
    }
}
