-- The one door out. Call $1 may dial if it is still waiting to, nobody there has opted out, dialling
-- is not stopped, the limits ($2 calls a day to a number, $3 minutes a day, null: any) are kept and
-- the trunk does not pause; it takes the trunk's next slot, $4 seconds before the one after it.
with asked as (
    select
        dialings.trunk,
        case
            when dialings.state <> 'dispatched' then 'taken_back'
            when exists (select from opt_outs where number = dialings.number) then 'opted_out'
            when exists (select from switches where name = 'dialling' and stopped) then 'stopped'
            when calls_in_a_day(dialings.number, now()) >= $2 then 'too_often'
            when minutes_today(now()) >= $3::bigint then 'budget'
            when trunks.paused_until > clock_timestamp() then 'paused'
        end as refusal
    from dialings join trunks on trunks.name = dialings.trunk
    where dialings.call_id = $1
),
slot as (
    update trunks
    set tat = greatest(tat, clock_timestamp()) + $4 * interval '1 second', slots = slots + 1
    from asked
    where trunks.name = asked.trunk and asked.refusal is null
    returning tat - $4 * interval '1 second' as at, slots as number
),
moved as (
    update dialings
    set state = 'dialling', dialling_at = clock_timestamp(), slot_at = slot.at,
        slot_number = slot.number
    from slot
    where call_id = $1 and state = 'dispatched'
    returning trunk, slot.number, slot.at
)
select asked.refusal, turn.wait, turn.usable, turn.settled
from asked
left join moved on true
left join lateral turn(moved.trunk, moved.number, moved.at) on moved.at is not null
