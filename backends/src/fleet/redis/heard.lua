-- What every script of the fleet knows.
-- KEYS: 1 the fleet: a field for each worker, `<when it was heard, in milliseconds> <its heartbeat>`
-- ARGV: 1 milliseconds of silence after which a worker is forgotten

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Calls `each(age, heartbeat)` for every worker that is remembered, and forgets the others. A clock that was set back makes
-- nobody younger than now.
local function remember(each)
  local heard = redis.call('HGETALL', KEYS[1])
  for place = 1, #heard, 2 do
    local at, heartbeat = string.match(heard[place + 1], '^(%d+) (.*)$')
    local age = at and math.max(0, now - tonumber(at))
    if not age or age > tonumber(ARGV[1]) then
      redis.call('HDEL', KEYS[1], heard[place])
    else
      each(age, heartbeat)
    end
  end
end
