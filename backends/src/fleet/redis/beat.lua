-- Keeps what a worker says. What is silent is looked for only when there is no room: a beat is to be cheap.
-- ARGV: 2 the worker, 3 its heartbeat, 4 the most workers
-- Answers: whether there was room for it

local function is_full()
  return redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4])
end

if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 and is_full() then
  remember(function() end)
  if is_full() then
    return 0
  end
end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f ', now) .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
