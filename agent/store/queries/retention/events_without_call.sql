-- Facts whose call never became known. Those of a call stay as long as its record, which follows
-- from them.
-- :cutoff  stored before
-- :since   where the batch before this one ended
-- :limit   at most so many
with old as (
    select source, source_id, stored_at
    from call_events
    where call_id is null and stored_at >= :since and stored_at < :cutoff
    order by stored_at
    limit :limit
),
deleted as (
    delete from call_events using old
    where call_events.source = old.source and call_events.source_id = old.source_id
    returning 1
)
select
    (select count(*) from old) as seen, (select count(*) from deleted) as deleted,
    (select max(stored_at) from old) as until
