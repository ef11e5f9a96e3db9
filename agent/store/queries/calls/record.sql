-- Writes the row that follows from a call's events, and the opt-outs in it. Each column stands here
-- three times: inserted, selected, updated (tests/unit/store/test_record_columns.py compares them).
-- A column that this list does not know gets its default, so a newer schema does no harm.
-- :row       jsonb object with the columns of call_logs
-- :opt_outs  jsonb list with columns of opt_outs
with opted_out as (
    insert into opt_outs (number, scope, source, call_id, at)
    select number, scope, source, call_id, at
    from jsonb_to_recordset(:opt_outs::jsonb) as given (
        number text, scope text, source text, call_id uuid, at timestamptz
    )
    -- A call is folded again with every fact that arrives. What had been stored when an admin
    -- corrected the number stays corrected; a wish that arrives later counts.
    where not exists (
        select from opt_out_corrections as correction
        where correction.number = given.number
            and not exists (
                select from call_events as wish
                where wish.call_id = given.call_id
                    and wish.kind = 'opted_out'
                    and wish.stored_at > correction.corrected_at
            )
    )
    on conflict (number, scope) do nothing
)
insert into call_logs (
    id, created_at, direction, customer_id, from_number, to_number, status, disposition, reason,
    duration_s, summary, room_name, answered_at, disclosed_at, ended_at, recording, playbook,
    language, origin, facts, evidence, telnyx_session_id, telnyx_leg_id, cost_micros, cost_currency,
    hangup_cause, hangup_source, mos, jitter
)
select
    id, created_at, direction, customer_id, from_number, to_number, status, disposition, reason,
    duration_s, summary, room_name, answered_at, disclosed_at, ended_at, recording, playbook,
    language, origin, facts, evidence, telnyx_session_id, telnyx_leg_id, cost_micros, cost_currency,
    hangup_cause, hangup_source, mos, jitter
from jsonb_populate_record(null::call_logs, :row::jsonb)
on conflict (id) do update set
    created_at = excluded.created_at,
    direction = excluded.direction,
    customer_id = excluded.customer_id,
    from_number = excluded.from_number,
    to_number = excluded.to_number,
    status = excluded.status,
    disposition = excluded.disposition,
    reason = excluded.reason,
    duration_s = excluded.duration_s,
    summary = excluded.summary,
    room_name = excluded.room_name,
    answered_at = excluded.answered_at,
    disclosed_at = excluded.disclosed_at,
    ended_at = excluded.ended_at,
    recording = excluded.recording,
    playbook = excluded.playbook,
    language = excluded.language,
    origin = excluded.origin,
    facts = excluded.facts,
    evidence = excluded.evidence,
    telnyx_session_id = excluded.telnyx_session_id,
    telnyx_leg_id = excluded.telnyx_leg_id,
    cost_micros = excluded.cost_micros,
    cost_currency = excluded.cost_currency,
    hangup_cause = excluded.hangup_cause,
    hangup_source = excluded.hangup_source,
    mos = excluded.mos,
    jitter = excluded.jitter
