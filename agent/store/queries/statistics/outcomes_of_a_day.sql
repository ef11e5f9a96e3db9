-- Calls of the 24 hours before $1 by how they ended, or how far they are.
select coalesce(disposition, status) as outcome, count(*) as calls
from call_logs
where created_at > $1::timestamptz - interval '24 hours' and created_at <= $1
group by 1
order by 1
