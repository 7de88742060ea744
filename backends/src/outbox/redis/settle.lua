-- Removes a notice, and its target where that wants to be told no more of the job.
-- KEYS: 1–3 the outbox, 4 the job's hash, if the target is to be forgotten
-- ARGV: 1 the notice, 2 its target

remove_notice(outbox_at(1), ARGV[1])
if KEYS[4] then
  for _, field in ipairs({ 'targets', 'asked_by' }) do
    local entries = field_of(KEYS[4], field)
    entries[ARGV[2]] = nil
    set_field(KEYS[4], field, entries)
  end
end
