-- Two are enough to know that the beginning of an id is not unique.
select id from call_logs where starts_with(id::text, :beginning) order by created_at desc limit 2
