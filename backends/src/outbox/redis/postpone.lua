-- Has a notice due again later, unless it was settled meanwhile.
-- KEYS: 1 the outbox, 2 its notices
-- ARGV: 1 the notice, 2 when it is due, 3 how often it was tried in vain

local json = redis.call('HGET', KEYS[2], ARGV[1])
if json then
  local notice = cjson.decode(json)
  notice.attempts = tonumber(ARGV[3])
  redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(notice))
  redis.call('ZADD', KEYS[1], 'XX', ARGV[2], ARGV[1])
end
