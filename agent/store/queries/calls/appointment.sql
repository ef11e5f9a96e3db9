-- The latest booking counts.
select id, call_id, starts_at, minutes, note
from appointments
where call_id = $1
order by booked_at desc
limit 1
