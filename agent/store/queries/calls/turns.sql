select
    call_id, turn_id, speaker, text, started_at, ended_at, interrupted, heard_latency, metrics
from call_turns
where call_id = :call_id
order by started_at, ended_at, turn_id
