-- count_webhook_refusals
insert into webhook_refusals (source, reason, hour, deliveries, last_at)
select source, reason, date_trunc('hour', $4::timestamptz), deliveries, $4
from unnest($1::text[], $2::text[], $3::integer[]) as given (source, reason, deliveries)
order by source, reason
on conflict (source, reason, hour) do update set
    deliveries = webhook_refusals.deliveries + excluded.deliveries,
    last_at = greatest(webhook_refusals.last_at, excluded.last_at)
