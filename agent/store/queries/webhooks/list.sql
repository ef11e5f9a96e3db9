-- The latest webhooks, newest first.
-- :status  linked, unlinked or refused; null: any
select source, event_id, event_type, at, received_at, deliveries, status, reason, call_id
from webhook_inbox
where :status::text is null or status = :status
order by received_at desc
limit :limit
