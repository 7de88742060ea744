-- Who was heard of late.
-- ARGV: 2 milliseconds of silence after which a worker does not count
-- Answers: each one's age in milliseconds and its heartbeat

local alive = {}
remember(function(age, heartbeat)
  if age <= tonumber(ARGV[2]) then
    table.insert(alive, { age, heartbeat })
  end
end)
return alive
