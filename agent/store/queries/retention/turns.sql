-- Deletes words of old calls, oldest first. Answers how many were looked at, how many of them were
-- deleted, of which calls, and up to which time. The words of a call that ended later stay, each of them.
-- :cutoff  said, and the call over, before
-- :since   where the batch before this one ended
-- :limit   at most so many are looked at
with old as (
    select call_id, turn_id, ended_at
    from call_turns
    where ended_at >= :since and ended_at < :cutoff
    order by ended_at
    limit :limit
),
deleted as (
    delete from call_turns using old
    where call_turns.call_id = old.call_id and call_turns.turn_id = old.turn_id
        and not exists (
            select from call_logs
            where id = old.call_id and coalesce(ended_at, created_at) >= :cutoff
        )
    returning call_turns.call_id
)
select
    (select count(*) from old) as seen, (select count(*) from deleted) as deleted,
    array(select distinct call_id from deleted) as calls, (select max(ended_at) from old) as until
