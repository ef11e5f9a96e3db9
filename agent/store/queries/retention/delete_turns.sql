-- The words of at most $2 calls that ended before $1; answers how many calls that were.
with old as (
    select id
    from call_logs
    where coalesce(ended_at, created_at) < $1
        and exists (select from call_turns where call_id = call_logs.id)
    order by created_at
    limit $2
),
deleted as (
    delete from call_turns where call_id in (select id from old) returning call_id
)
select count(distinct call_id) from deleted
