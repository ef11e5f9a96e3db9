-- minutes of outbound calls: a counter a day, so that a dial does not sum the whole day

create index dialings_under_way on dialings (dialling_at) where state <> 'over';

-- Begun minutes of calls that are over, by the UTC day on which they dialed. Kept when dialings are
-- deleted.
create table outbound_minutes (
    day date primary key,
    minutes bigint not null
);

-- What a call that is over costs. One that nobody answered costs nothing; nor does one that cannot
-- have rung. 61 seconds are two minutes.
create function minutes_of(dialing dialings) returns bigint immutable language sql as $$
    select case
        when dialing.state = 'over' and not dialing.returned and dialing.dialling_at is not null
            and dialing.answered_at is not null
        then greatest(1, ceil(
            extract(epoch from coalesce(dialing.over_at, dialing.answered_at) - dialing.answered_at)
            / 60
        ))::bigint
        else 0
    end
$$;

create function utc_day(at timestamptz) returns date immutable language sql as $$
    select (at at time zone 'UTC')::date
$$;

create function count_minutes() returns trigger language plpgsql as $$
declare
    gone bigint := 0;
begin
    if tg_op = 'UPDATE' then
        gone := minutes_of(old);
        if gone = minutes_of(new) and utc_day(old.dialling_at) is not distinct from utc_day(new.dialling_at)
        then
            return null;
        end if;
        if gone <> 0 then
            update outbound_minutes set minutes = minutes - gone where day = utc_day(old.dialling_at);
        end if;
    end if;
    if minutes_of(new) <> 0 then
        insert into outbound_minutes (day, minutes) values (utc_day(new.dialling_at), minutes_of(new))
        on conflict (day) do update set minutes = outbound_minutes.minutes + excluded.minutes;
    end if;
    return null;
end
$$;

-- At the end of its transaction: every call that ends changes the same row, and must hold it no
-- longer than that.
create constraint trigger dialings_minutes after insert or update on dialings
    deferrable initially deferred
    for each row execute function count_minutes();

insert into outbound_minutes (day, minutes)
select utc_day(dialling_at), sum(minutes_of(dialings))
from dialings
where minutes_of(dialings) <> 0
group by 1;

-- The calls that are over by their counter, and those on their way one by one. A call that rings
-- counts one minute; nobody knows yet whether it will be answered.
create or replace function minutes_today(at timestamptz) returns bigint stable language sql as $$
    select coalesce((select minutes from outbound_minutes where day = utc_day(at)), 0) + coalesce((
        select sum(greatest(1, ceil(
            extract(epoch from at - coalesce(answered_at, dialling_at)) / 60
        )))
        from dialings
        where state <> 'over' and not returned
            and dialling_at >= date_trunc('day', at at time zone 'UTC') at time zone 'UTC'
    ), 0)::bigint
$$;
