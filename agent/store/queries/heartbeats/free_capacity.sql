-- Calls that live workers of agent $1 can take now, without those on their way that no heartbeat
-- shows yet.
select
    coalesce((
        select sum((detail ->> 'free')::integer) from process_heartbeats
        where kind = 'worker' and detail ->> 'agent' = $1
            and seen_at > now() - $2 * interval '1 second'
    ), 0)::integer
    - (
        select count(*) from dialings
        where state <> 'over' and dispatched_at > now() - interval '3 seconds'
    )::integer
