-- the record of calls, opt-outs, appointments and heartbeats

-- One row a call: what follows from its call_events, never written by anything else. The columns
-- stand in the order in which a person wants to read them.
create table call_logs (
    created_at timestamptz not null,
    direction text check (direction in ('inbound', 'outbound')),
    customer_id text,
    from_number text not null,
    to_number text not null,
    status text not null check (status in ('created', 'ringing', 'active', 'ended')),
    disposition text,
    reason text,
    duration_s double precision check (duration_s >= 0),
    summary text,
    room_name text not null,
    answered_at timestamptz,
    disclosed_at timestamptz,
    ended_at timestamptz,
    recording text,
    playbook text not null,
    language text not null,
    facts jsonb not null,
    evidence jsonb not null,
    cost_micros bigint,
    cost_currency text,
    telnyx_session_id text,
    telnyx_leg_id text,
    id uuid primary key,
    -- Exactly one disposition for a call that has ended, none before.
    check ((status = 'ended') = (disposition is not null))
);

create index call_logs_created_at on call_logs (created_at desc);

-- Append only. (source, source_id) makes a repeated delivery a no-op; raw is the form in which an
-- outside source reported it, null for our own; call_id is null until the call is known.
create table call_events (
    source text not null,
    source_id text not null,
    call_id uuid,
    kind text not null,
    at timestamptz not null,
    detail jsonb not null,
    raw jsonb,
    stored_at timestamptz not null default now(),
    primary key (source, source_id)
);

create index call_events_call_id on call_events (call_id);

create table call_turns (
    call_id uuid not null,
    turn_id text not null,
    speaker text not null check (speaker in ('agent', 'caller')),
    text text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    interrupted boolean not null,
    heard_latency double precision,
    metrics jsonb not null,
    primary key (call_id, turn_id)
);

-- Only a correction removes a row (opt_out_corrections).
create table opt_outs (
    number text not null,
    scope text not null default 'all',
    source text not null,
    call_id uuid,
    at timestamptz not null,
    primary key (number, scope)
);

create table appointments (
    id uuid primary key default gen_random_uuid(),
    calendar text not null,
    starts_at timestamptz not null,
    minutes integer not null check (minutes > 0),
    call_id uuid not null,
    note text not null,
    booked_at timestamptz not null,
    -- Two calls that want the same slot at the same moment: one of them gets it.
    unique (calendar, starts_at)
);

create index appointments_call_id on appointments (call_id);

-- LiveKit's API cannot say which workers live.
create table process_heartbeats (
    process_id uuid primary key,
    kind text not null,
    host text not null,
    pid integer not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    detail jsonb not null default '{}'
);
