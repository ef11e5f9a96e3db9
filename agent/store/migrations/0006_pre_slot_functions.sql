-- what begin and renew_slot share, written once

-- What keeps every call to this number from dialing, whatever else allows it; null: nothing.
create function dialing_denied(called text) returns text stable language sql as $$
    select case
        when exists (select from opt_outs where number = called) then 'opted_out'
        when exists (select from switches where name = 'dialling' and stopped) then 'stopped'
    end
$$;

-- The trunk's next slot, `spacing` seconds before the one after it; the caller holds the trunk's
-- row. A trunk that is null or unknown gives nulls and changes nothing.
create function take_slot(
    of_trunk text, spacing double precision, out number bigint, out at timestamptz
) language sql as $$
    update trunks
    set tat = greatest(tat, clock_timestamp()) + spacing * interval '1 second', slots = slots + 1
    where name = of_trunk
    returning slots, tat - spacing * interval '1 second'
$$;

-- What the call in this slot has to wait for, in seconds from now. At 5 calls a second the call in
-- slot 6 waits until one second after the call in slot 1 really dialed. A slot can be used for
-- 0.9 s; then it is left empty and its call takes another. `settled`: it is known when the earlier
-- call dialed, or that it never did; until then `wait` is only the slot's own.
create function slot_wait(
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
