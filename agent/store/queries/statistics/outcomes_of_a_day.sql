-- Calls by telephone of the 24 hours before :now by how they ended, or how far they are.
select coalesce(disposition, status) as outcome, count(*) as calls
from call_logs
where created_at > :now::timestamptz - interval '24 hours' and created_at <= :now
    and origin is null
group by 1
order by 1
