-- How notices come and go, for every script that ends a job, asks for an end or settles. It is put before each of them.
-- Two fields of a job's hash say whom to tell, each in JSON from the digest of a URL: `targets` to the URL, `asked_by` to
-- who asked, unless that is somebody without a name. The outbox of a shard is three keys: the ids of its notices by when
-- they are due, their contents, and how many there are for each client and of each job.

local AGE_SECONDS_MAX = 604800 -- seven days, as AGE_MAX in outbox/mod.rs says

local function outbox_at(first)
  return { due = KEYS[first], notices = KEYS[first + 1], counts = KEYS[first + 2] }
end

local function field_of(job, field)
  local json = redis.call('HGET', job, field)
  return json and cjson.decode(json) or {}
end

local function set_field(job, field, entries)
  if next(entries) then
    redis.call('HSET', job, field, cjson.encode(entries))
  else
    redis.call('HDEL', job, field)
  end
end

local function by_client(owner)
  return 'by ' .. owner
end

local function of_job(job)
  return 'of ' .. job
end

local function count(outbox, id, owner, change)
  local job = id:match('^[^/]+')
  for _, field in ipairs({ by_client(owner), of_job(job) }) do
    if redis.call('HINCRBY', outbox.counts, field, change) <= 0 then
      redis.call('HDEL', outbox.counts, field)
    end
  end
end

local function counted(outbox, field)
  return tonumber(redis.call('HGET', outbox.counts, field) or 0)
end

-- One that waits already goes on waiting.
local function put_notice(outbox, id, url, owner, state, now)
  if redis.call('ZADD', outbox.due, 'NX', now, id) == 1 then
    local notice = { url = url, owner = owner, state = state, since = now, attempts = 0 }
    redis.call('HSET', outbox.notices, id, cjson.encode(notice))
    count(outbox, id, owner, 1)
    for _, key in pairs(outbox) do
      redis.call('EXPIRE', key, AGE_SECONDS_MAX)
    end
  end
end

local function remove_notice(outbox, id)
  local json = redis.call('HGET', outbox.notices, id)
  local owner = json and cjson.decode(json).owner
  redis.call('ZREM', outbox.due, id)
  redis.call('HDEL', outbox.notices, id)
  if owner then -- one of a version that did not count has none
    count(outbox, id, owner, -1)
  end
  if redis.call('EXISTS', outbox.due) == 0 then
    redis.call('DEL', outbox.counts) -- with what such a version removed uncounted
  end
end

-- Makes notices of an end, for everybody who asked for it.
local function tell_end(job, outbox, event, id)
  local owners = field_of(job, 'asked_by')
  for target, url in pairs(field_of(job, 'targets')) do
    local notice = event.job .. '/' .. id .. '/' .. target
    put_notice(outbox, notice, url, owners[target] or '', event.state, event.now)
  end
  if event.status ~= 'dead' then
    redis.call('HDEL', job, 'targets', 'asked_by') -- a dead job may be replayed
  end
end
