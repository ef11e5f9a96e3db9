select
    dialings.call_id, dialings.attempt_id, dialings.room_name, dialings.trunk, dialings.state,
    extract(
        epoch from now() - coalesce(dialings.slot_at, dialings.dispatched_at)
    )::double precision as age,
    -- Either may be late: the dialling's is written at once, the record's through the journal.
    coalesce(dialings.answered_at, call_logs.answered_at) is not null as answered,
    coalesce(call_logs.status = 'ended', false) as ended,
    extract(epoch from now() - call_logs.ended_at)::double precision as ended_for
from dialings
left join call_logs on call_logs.id = dialings.call_id
where dialings.state <> 'over'
order by dialings.dispatched_at
