-- How notices come into being, for every script that ends a job or asks for an end. It is put before each of them.
-- A job's targets are a field of its hash: JSON, from the digest of each URL to the URL. The outbox of a shard is two keys,
-- the ids of its notices by when they are due, and their contents.

local AGE_SECONDS_MAX = 604800 -- seven days, as AGE_MAX in outbox/mod.rs says

local function targets_of(job)
  local targets = redis.call('HGET', job, 'targets')
  return targets and cjson.decode(targets) or {}
end

-- One that waits already goes on waiting.
local function put_notice(outbox, notices, id, url, state, now)
  if redis.call('ZADD', outbox, 'NX', now, id) == 1 then
    local notice = { url = url, state = state, since = now, attempts = 0 }
    redis.call('HSET', notices, id, cjson.encode(notice))
    redis.call('EXPIRE', outbox, AGE_SECONDS_MAX)
    redis.call('EXPIRE', notices, AGE_SECONDS_MAX)
  end
end

-- Makes notices of an end, for everybody who asked for it.
local function tell_end(job, outbox, notices, event, id)
  for target, url in pairs(targets_of(job)) do
    put_notice(outbox, notices, event.job .. '/' .. id .. '/' .. target, url, event.state, event.now)
  end
  if event.status ~= 'dead' then
    redis.call('HDEL', job, 'targets') -- a dead job may be replayed
  end
end
