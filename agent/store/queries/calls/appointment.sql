-- The latest booking counts.
select id, call_id, starts_at, minutes, note
from appointments
where call_id = :call_id
order by booked_at desc
limit 1
