-- Reads what is recorded of a job's events, of one moment.
-- KEYS: 1 the job's hash, 2 its log
-- Answers: the log's entries, and of the record: the newest event's id, its state, whether the message was confirmed,
-- when it last changed, the epoch of its last cancellation, its owner

local record = redis.call('HMGET', KEYS[1], 'id', 'state', 'sent', 'updated', 'cancel', 'owner')
return { redis.call('LRANGE', KEYS[2], 0, -1), record }
