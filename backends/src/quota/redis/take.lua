-- Counts a request, by the server's clock. Time is cut into slices, and those that the window up to now touches count in
-- full, the oldest too, though only a part of it may lie within: so no window holds more than is allowed, wherever it begins,
-- and a request counts for a slice longer than a window at most. That takes a number for each slice, however many requests
-- there are.
-- KEYS: 1 the counter: by a slice's number, the requests in it
-- ARGV: 1 milliseconds of a slice, 2 slices of a window, 3 requests that are allowed within one
-- Answers: 1, how many more are allowed now and the milliseconds until there is room for more,
-- or 0, 0 and the milliseconds until there is room for one

local length, slices, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / length)

local function milliseconds_to_end(slice)
  return (slice + slices + 1) * length - now
end

local touched, count_of, gone, total = {}, {}, {}, 0
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  local slice, count = tonumber(kept[i]), tonumber(kept[i + 1])
  -- One that is still to come is of a clock that was set back, and counts too.
  if math.abs(current - slice) <= slices then
    touched[#touched + 1] = slice
    count_of[slice] = count
    total = total + count
  else
    gone[#gone + 1] = kept[i]
  end
end
table.sort(touched)

if total < limit then
  if #gone > 0 then
    redis.call('HDEL', KEYS[1], unpack(gone))
  end
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', current), 1)
  local oldest = math.min(touched[1] or current, current)
  local newest = math.max(touched[#touched] or current, current)
  redis.call('PEXPIRE', KEYS[1], milliseconds_to_end(newest))
  return { 1, limit - total - 1, milliseconds_to_end(oldest) }
end

-- More than one slice has to end where the limit was lowered meanwhile.
local enough = 0
repeat
  enough = enough + 1
  total = total - count_of[touched[enough]]
until total < limit
return { 0, 0, milliseconds_to_end(touched[enough]) }
