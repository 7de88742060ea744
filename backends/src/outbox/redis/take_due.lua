-- Takes notices that are due, and has them due again when their lease is over.
-- KEYS: 1 the outbox, 2 its notices
-- ARGV: 1 now, 2 how many, 3 when the lease is over
-- Answers: for each its id, its URL, who asked, or nothing, its state, since when it is to be told, how often that was tried
-- in vain

local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local json = redis.call('HGET', KEYS[2], id)
  if json then
    local notice = cjson.decode(json)
    redis.call('ZADD', KEYS[1], ARGV[3], id)
    table.insert(taken, { id, notice.url, notice.owner or '', notice.state, notice.since, notice.attempts })
  else
    redis.call('ZREM', KEYS[1], id) -- a failover lost one of the two
  end
end
return taken
