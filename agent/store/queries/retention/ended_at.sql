-- When the calls of these ids ended, as far as they are known.
select id, coalesce(ended_at, created_at) as ended_at from call_logs where id = any(:call_ids::uuid[])
