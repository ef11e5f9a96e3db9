-- How many calls live workers can take now, without those on their way that no heartbeat shows yet.
-- :agent         the agent's name, as its workers report it
-- :live_seconds  a process that was last heard of longer ago is dead
select
    coalesce((
        select sum((detail ->> 'free')::integer) from process_heartbeats
        where kind = 'worker' and detail ->> 'agent' = :agent
            and seen_at > now() - :live_seconds * interval '1 second'
    ), 0)::integer
    - (
        select count(*) from dialings
        where state <> 'over' and dispatched_at > now() - interval '3 seconds'
    )::integer
