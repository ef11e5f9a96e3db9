-- Write the row ($1) that follows from a call's events, and the opt-outs ($2) that it contains.
with opted_out as (
    insert into opt_outs (number, scope, source, call_id, at)
    select number, scope, source, call_id, at
    from jsonb_to_recordset($2::jsonb) as given (
        number text, scope text, source text, call_id uuid, at timestamptz
    )
    on conflict (number, scope) do nothing
)
insert into call_logs
select given.* from jsonb_populate_record(null::call_logs, $1::jsonb) as given
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
