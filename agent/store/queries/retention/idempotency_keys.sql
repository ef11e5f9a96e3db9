-- Each answers repetitions for longer than the 24 hours that are promised.
-- :cutoff  older ones go in any case; so do those of two days ago
-- :since   where the batch before this one ended
-- :limit   at most so many
with old as (
    select subject, key, created_at
    from idempotency_keys
    where created_at >= :since and created_at < greatest(:cutoff, now() - interval '48 hours')
    order by created_at
    limit :limit
),
deleted as (
    delete from idempotency_keys using old
    where idempotency_keys.subject = old.subject and idempotency_keys.key = old.key
    returning 1
)
select
    (select count(*) from old) as seen, (select count(*) from deleted) as deleted,
    (select max(created_at) from old) as until
