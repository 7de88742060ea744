-- Counts a request within a window that slides, by the server's clock: of the last whole window as much counts as still lies
-- within one window's length from now. That takes the requests of the last window for evenly spread, and two numbers
-- instead of a list of every request.
-- KEYS: 1 the counter: `window` its number, `count` the requests in it, `before` those of the window before
-- ARGV: 1 milliseconds of a window, 2 requests that are allowed within one
-- Answers: 1 and how many more are allowed now, or 0 and the milliseconds until there is room for one

local length, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, into = math.floor(now / length), now % length

local kept = redis.call('HMGET', KEYS[1], 'window', 'count', 'before')
local last, count, before = tonumber(kept[1]), tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
if last == window - 1 then
  count, before = 0, count
elseif last ~= window then
  count, before = 0, 0
end

local left = math.floor(limit - before * (length - into) / length - count)
if left >= 1 then
  redis.call('HSET', KEYS[1], 'window', string.format('%.0f', window), 'count', count + 1, 'before', before)
  redis.call('PEXPIRE', KEYS[1], 2 * length)
  return { 1, left - 1 }
end

-- How far into a window enough of the `past` requests of the window before it no longer count.
local function room_at(past, room)
  return math.ceil(length * (1 - room / past))
end

if count < limit then
  return { 0, math.max(1, room_at(before, limit - 1 - count) - into) }
end
return { 0, length - into + math.max(0, room_at(count, limit - 1)) }
