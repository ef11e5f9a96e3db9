-- webhooks in: kept before they are acknowledged, linked to their calls, folded

-- One row an event of Telnyx or LiveKit, however often it is delivered. `raw` is what was signed,
-- byte for byte; `events` what it means (facts without a call); the columns between are what the
-- call is found by. `reason`: by what it was linked, or why it was refused.
create table webhook_inbox (
    source text not null,
    event_id text not null,
    event_type text not null,
    at timestamptz not null,
    received_at timestamptz not null,
    session_id text,
    leg_id text,
    claimed_call_id uuid,
    from_number text,
    to_number text,
    began_at timestamptz,
    room_name text,
    tells_the_end boolean not null,
    events jsonb not null,
    raw bytea not null,
    headers jsonb not null,
    deliveries integer not null,
    status text not null check (status in ('linked', 'unlinked', 'refused')),
    reason text,
    call_id uuid,
    folded_at timestamptz,
    -- When an unlinked one is looked at again.
    look_at timestamptz not null default now(),
    primary key (source, event_id),
    check ((status = 'linked') = (call_id is not null))
);

create index webhook_inbox_received on webhook_inbox (received_at desc);
create index webhook_inbox_unlinked on webhook_inbox (look_at) where status = 'unlinked';
create index webhook_inbox_unfolded on webhook_inbox (received_at)
    where status = 'linked' and folded_at is null;

-- What nobody has signed is counted, never kept: a stranger must not be able to fill the disk.
create table webhook_refusals (
    source text not null,
    reason text not null,
    hour timestamptz not null,
    deliveries integer not null,
    last_at timestamptz not null,
    primary key (source, reason, hour)
);

-- What only the carrier knows of a call (cost_… are there already).
alter table call_logs
    add column hangup_cause text,
    add column hangup_source text,
    add column mos double precision,
    add column jitter double precision;

-- By what a webhook finds its call.
create index call_logs_session on call_logs (telnyx_session_id) where telnyx_session_id is not null;
create index call_logs_leg on call_logs (telnyx_leg_id) where telnyx_leg_id is not null;
create index call_logs_numbers on call_logs (to_number, from_number, created_at);
create index call_logs_room on call_logs (room_name, created_at);
