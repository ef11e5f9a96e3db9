-- the trunk's slots are numbered, and each call says when it really dialled

-- A slot is a plan; a process that is late dials later. With r calls a second, the call in slot n
-- waits until the one in slot n - r has really dialled and a second more has passed: so no second
-- ever holds more than r of them, however late each is.
alter table trunks add column slots bigint not null default 0;
alter table dialings
    add column slot_number bigint,
    add column dialled_at timestamptz;

create unique index dialings_slot on dialings (trunk, slot_number);

-- What the call in this slot has to wait for, in seconds from now. A slot can be used for 0.9 s;
-- after that it is left empty, and whoever is that late takes another. `settled`: it is known when
-- the call before it dialled, or that it never did; until then `wait` is only the slot's own.
create function turn(
    of_trunk text, of_slot bigint, at timestamptz,
    out wait double precision, out usable double precision, out settled boolean
) language sql as $$
    with pace as (
        select ceil(calls_per_second)::bigint as calls,
            ceil(calls_per_second) / calls_per_second * interval '1 second' as period
        from trunks where name = of_trunk
    ),
    previous as (
        select
            coalesce(dialled_at, slot_at + interval '0.9 seconds') + pace.period as leaves_room_at,
            dialled_at is not null
                or slot_at + interval '0.9 seconds' < clock_timestamp() as known
        from dialings, pace
        where trunk = of_trunk and slot_number = of_slot - pace.calls
    )
    select
        extract(epoch from
            greatest(at, (select leaves_room_at from previous where known)) - clock_timestamp()
        )::double precision,
        extract(epoch from at + interval '0.9 seconds' - clock_timestamp())::double precision,
        coalesce((select known from previous), true)
$$;
