-- Deliveries that were rejected, since :since.
select source, reason, sum(deliveries)::integer as deliveries, max(last_at) as last_at
from webhook_refusals
where hour >= date_trunc('hour', :since::timestamptz)
group by source, reason
order by last_at desc
