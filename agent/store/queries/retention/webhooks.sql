-- Webhooks hold numbers. What they reported of a call is on its record.
-- :cutoff  received before
-- :since   where the batch before this one ended
-- :limit   at most so many
with old as (
    select source, event_id, received_at
    from webhook_inbox
    where received_at >= :since and received_at < :cutoff
    order by received_at
    limit :limit
),
deleted as (
    delete from webhook_inbox using old
    where webhook_inbox.source = old.source and webhook_inbox.event_id = old.event_id
    returning 1
)
select
    (select count(*) from old) as seen, (select count(*) from deleted) as deleted,
    (select max(received_at) from old) as until
