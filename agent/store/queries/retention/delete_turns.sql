-- Deletes the words of old calls; answers of how many calls.
-- :cutoff  calls that ended before
-- :limit   at most so many calls
with old as (
    select id
    from call_logs
    where coalesce(ended_at, created_at) < :cutoff
        and exists (select from call_turns where call_id = call_logs.id)
    order by created_at
    limit :limit
),
deleted as (
    delete from call_turns where call_id in (select id from old) returning call_id
)
select count(distinct call_id) from deleted
