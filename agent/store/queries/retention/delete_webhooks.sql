-- Webhooks hold numbers. What they reported of a call is on its record.
-- :cutoff  received before
-- :limit   at most so many
with old as (
    select source, event_id from webhook_inbox where received_at < :cutoff limit :limit
),
deleted as (
    delete from webhook_inbox using old
    where webhook_inbox.source = old.source and webhook_inbox.event_id = old.event_id
    returning 1
)
select count(*) from deleted
