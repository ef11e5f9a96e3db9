-- list_webhooks
-- The latest webhooks, newest first; $2 null: whatever their status.
select source, event_id, event_type, at, received_at, deliveries, status, reason, call_id, folded_at
from webhook_inbox
where $2::text is null or status = $2
order by received_at desc
limit $1
