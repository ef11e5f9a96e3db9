-- list_webhook_refusals
-- Deliveries that were not believed, since $1.
select source, reason, sum(deliveries)::integer as deliveries, max(last_at) as last_at
from webhook_refusals
where hour >= date_trunc('hour', $1::timestamptz)
group by source, reason
order by last_at desc
