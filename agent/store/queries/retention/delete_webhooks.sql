-- delete_old_webhooks
-- Webhooks received before $1: they hold numbers. What they told of a call is on its record.
with old as (
    select source, event_id from webhook_inbox where received_at < $1 limit $2
),
deleted as (
    delete from webhook_inbox using old
    where webhook_inbox.source = old.source and webhook_inbox.event_id = old.event_id
    returning 1
)
select count(*) from deleted
