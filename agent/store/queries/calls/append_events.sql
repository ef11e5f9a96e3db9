-- Stores events and turns, and returns all events of the call: those that were there and those that
-- are new. What was stored before stays as it is; a turn's latest version counts.
-- :events, :turns  jsonb lists (agent/store/event_json.py)
-- :call_id         whose events are returned
with added as (
    insert into call_events (source, source_id, call_id, kind, at, detail)
    select source, source_id, call_id, kind, at, detail
    from jsonb_to_recordset(:events::jsonb) as given (
        source text, source_id text, call_id uuid, kind text, at timestamptz, detail jsonb
    )
    on conflict (source, source_id) do nothing
    returning call_id, kind, at, source, source_id, detail
),
turns as (
    insert into call_turns (
        call_id, turn_id, speaker, text, started_at, ended_at, interrupted, heard_latency, metrics
    )
    select given.* from jsonb_to_recordset(:turns::jsonb) as given (
        call_id uuid, turn_id text, speaker text, text text, started_at timestamptz,
        ended_at timestamptz, interrupted boolean, heard_latency double precision, metrics jsonb
    )
    on conflict (call_id, turn_id) do update set
        speaker = excluded.speaker,
        text = excluded.text,
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        interrupted = excluded.interrupted,
        heard_latency = excluded.heard_latency,
        metrics = excluded.metrics
)
select call_id, kind, at, source, source_id, detail from call_events where call_id = :call_id::uuid
union all
select call_id, kind, at, source, source_id, detail from added where call_id = :call_id::uuid
