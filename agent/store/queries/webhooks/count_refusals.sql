insert into webhook_refusals (source, reason, hour, deliveries, last_at)
select source, reason, date_trunc('hour', :now::timestamptz), deliveries, :now
from unnest(:sources::text[], :reasons::text[], :deliveries::integer[]) as given (source, reason, deliveries)
order by source, reason
on conflict (source, reason, hour) do update set
    deliveries = webhook_refusals.deliveries + excluded.deliveries,
    last_at = greatest(webhook_refusals.last_at, excluded.last_at)
