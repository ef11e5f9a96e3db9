-- Calls that live workers can take now, without those on their way that no heartbeat shows yet.
select
    coalesce((
        select sum((detail ->> 'free')::integer) from process_heartbeats
        where kind = 'worker' and seen_at > now() - $1 * interval '1 second'
    ), 0)::integer
    - (
        select count(*) from dialings
        where state <> 'over' and dispatched_at > now() - interval '3 seconds'
    )::integer
