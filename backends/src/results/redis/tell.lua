-- What the scripts that speak share. It is put before each of them.
-- KEYS of those about one job: 1 its hash, 2 its log, 3 the stream of all events, 4 the jobs whose message was never
-- confirmed, 5 the jobs that wait for their first worker; where somebody is to be told of its end, 6–8 the outbox

local FINAL = { done = true, failed = true, dead = true, cancelled = true }

-- Lua would write a large number as 1.7e+12.
local function whole(number)
  return string.format('%.0f', number)
end

local function id_of(epoch, n)
  return whole(epoch) .. '-' .. whole(n)
end

-- The epoch after `old`, seeded from the time, so that it is the later one even if `old` was lost.
local function epoch_after(old, now)
  return math.max(tonumber(now), (tonumber(old) or 0) + 1)
end

-- Writes an event into the record, the log and the stream at once. `event` has: epoch, n, job, status, state, now,
-- and the limits: record_seconds, log_seconds, log_entries, stream_entries.
local function tell(event)
  local id = id_of(event.epoch, event.n)
  local before = redis.call('HGET', KEYS[1], 'status')
  if before and FINAL[before] then
    redis.call('DEL', KEYS[2]) -- a log tells of one life
  end
  redis.call('HSET', KEYS[1], 'epoch', whole(event.epoch), 'n', whole(event.n), 'id', id,
    'status', event.status, 'state', event.state, 'updated', event.now)
  if before ~= event.status then
    redis.call('RPUSH', KEYS[2], id .. ' ' .. event.status .. ' ' .. event.state)
    redis.call('LTRIM', KEYS[2], -tonumber(event.log_entries), -1)
  end
  redis.call('EXPIRE', KEYS[1], event.record_seconds)
  redis.call('EXPIRE', KEYS[2], event.log_seconds)
  if FINAL[event.status] then
    redis.call('ZREM', KEYS[5], event.job)
    if KEYS[6] then
      tell_end(KEYS[1], outbox_at(6), event, id)
    end
  end
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', event.stream_entries, '*', 'id', id, 'state', event.state)
  return id
end

local function event_of(argv)
  return {
    job = argv[1], status = argv[2], state = argv[3], now = argv[4],
    record_seconds = argv[5], log_seconds = argv[6], log_entries = argv[7], stream_entries = argv[8],
  }
end

-- Whether the script needs the outbox and was not given it. The caller is asked for it before anything has changed: keys
-- that most jobs have no use for would keep all of them waiting while a slot moves.
local function needs_outbox(status)
  return FINAL[status] and not KEYS[6] and redis.call('HEXISTS', KEYS[1], 'targets') == 1
end

local function ask_for_outbox()
  return redis.error_reply('OUTBOX somebody is to be told of the end')
end
