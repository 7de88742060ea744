-- Tells what the holder of a claim has to say.
-- ARGV: 1–8 the event, 9 its epoch, 10 what an epoch's events do not count up to
-- Answers: the event's id, or nothing if the claim is not the latest or the job ended under it

local event = event_of(ARGV)
if needs_outbox(event.status) then
  return ask_for_outbox()
end
event.epoch = tonumber(ARGV[9])
local epoch, n, before, state, id = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'n', 'status', 'state', 'id'))

if not epoch then
  -- The record was lost under the claim. Numbered by the time, beyond what it may have said before, this is newer than
  -- what watchers heard.
  event.n = math.max(0, tonumber(event.now) - event.epoch) + tonumber(ARGV[10])
  return tell(event)
end

if event.epoch < tonumber(epoch) then
  return false
end
local spoken = event.epoch == tonumber(epoch) and tonumber(n) > 0
if spoken and state == event.state then
  return id -- said twice because the first answer was lost
end
if spoken and FINAL[before] then
  return false
end
event.n = (spoken and tonumber(n) or 0) + 1
return tell(event)
