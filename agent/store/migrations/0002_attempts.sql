-- who is to be called, their calls on the way out, the trunk's pace, the kill switch

-- Somebody wants a number called. call_id is its latest call's id: allocated with the row, so that
-- whoever asked can be told at once.
create table attempts (
    id uuid primary key,
    created_at timestamptz not null,
    origin text not null check (origin in ('api', 'cli', 'campaign', 'callback')),
    basis text not null,
    customer_id text,
    number text not null,
    room_name text,
    participant_identity text,
    participant_name text,
    playbook text,
    wanted_at timestamptz not null,
    due_at timestamptz not null,
    state text not null default 'queued' check (state in ('queued', 'claimed', 'done')),
    outcome text check (outcome in ('rang', 'refused', 'gave_up', 'cancelled')),
    gate jsonb,
    tries integer not null default 0,
    last_error text,
    call_id uuid not null unique,
    claimed_by uuid,
    claimed_at timestamptz,
    ended_at timestamptz,
    check ((state = 'done') = (outcome is not null))
);

create index attempts_due on attempts (due_at, created_at) where state = 'queued';
create index attempts_claimed on attempts (claimed_at) where state = 'claimed';
create index attempts_number on attempts (number, created_at);
-- A room that somebody named holds one call at a time.
create unique index attempts_room on attempts (room_name) where state <> 'done';

-- One call of an attempt on its way out. `returned`: nobody's phone can have rung (no agent, or the
-- trunk itself refused), so the attempt may be tried again.
create table dialings (
    call_id uuid primary key,
    attempt_id uuid not null references attempts (id),
    number text not null,
    room_name text not null,
    trunk text not null,
    state text not null default 'dispatched' check (state in ('dispatched', 'dialling', 'over')),
    returned boolean not null default false,
    rang boolean not null default false,
    dispatched_at timestamptz not null,
    dialling_at timestamptz,
    slot_at timestamptz,
    answered_at timestamptz,
    over_at timestamptz
);

-- Whatever is killed, restarted or slow: at most one call of an attempt ever dials …
create unique index dialings_once on dialings (attempt_id)
    where dialling_at is not null and not returned;
-- … at most one is on its way, and nobody's number is called twice at the same time.
create unique index dialings_open_attempt on dialings (attempt_id) where state <> 'over';
create unique index dialings_open_number on dialings (number) where state <> 'over';
create index dialings_number on dialings (number, dialling_at) where dialling_at is not null;
create index dialings_day on dialings (dialling_at) where dialling_at is not null;

-- The pace of a trunk (GCRA): `tat` is when its next slot is free, by this database's clock.
create table trunks (
    name text primary key,
    calls_per_second double precision not null check (calls_per_second > 0),
    tat timestamptz not null default '-infinity',
    paused_until timestamptz,
    pause_reason text,
    failures_in_a_row integer not null default 0
);

create table switches (
    name text primary key,
    stopped boolean not null,
    since timestamptz not null,
    reason text not null
);

insert into switches (name, stopped, since, reason) values ('dialling', false, now(), '');

-- Requests that may be sent again, with the answer that each repetition gets.
create table idempotency_keys (
    subject text not null,
    key text not null,
    body_hash text not null,
    attempt_id uuid not null,
    status integer not null,
    response jsonb not null,
    created_at timestamptz not null,
    primary key (subject, key)
);

create index idempotency_keys_created_at on idempotency_keys (created_at);
create index process_heartbeats_kind on process_heartbeats (kind, seen_at);

-- What the limits count; asked by the gate and again by the statement that dials.
create function calls_in_a_day(called text, at timestamptz) returns bigint stable language sql as $$
    select count(*) from dialings
    where number = called and dialling_at > at - interval '24 hours' and not returned
$$;

-- Begun minutes of outbound calls since midnight UTC. A call that rings counts one; nobody knows
-- yet whether it will be answered. One that nobody answered costs nothing.
create function minutes_today(at timestamptz) returns bigint stable language sql as $$
    select coalesce(sum(
        case
            when state = 'over' and answered_at is null then 0
            else greatest(1, ceil(
                extract(epoch from coalesce(over_at, at) - coalesce(answered_at, dialling_at)) / 60
            ))
        end
    ), 0)::bigint
    from dialings
    where dialling_at >= date_trunc('day', at at time zone 'UTC') at time zone 'UTC'
        and not returned
$$;
