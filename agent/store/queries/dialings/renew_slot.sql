-- Call $1 was too late for its slot and has not dialled: it takes the trunk's next one, $2 seconds
-- before the one after it, if everything still allows it.
with asked as (
    select
        dialings.trunk,
        case
            when dialings.state <> 'dialling' or dialings.dialled_at is not null then 'taken_back'
            when exists (select from opt_outs where number = dialings.number) then 'opted_out'
            when exists (select from switches where name = 'dialling' and stopped) then 'stopped'
            when trunks.paused_until > clock_timestamp() then 'paused'
        end as refusal
    from dialings join trunks on trunks.name = dialings.trunk
    where dialings.call_id = $1
),
slot as (
    update trunks
    set tat = greatest(tat, clock_timestamp()) + $2 * interval '1 second', slots = slots + 1
    from asked
    where trunks.name = asked.trunk and asked.refusal is null
    returning tat - $2 * interval '1 second' as at, slots as number
),
moved as (
    update dialings
    set slot_at = slot.at, slot_number = slot.number
    from slot
    where call_id = $1 and state = 'dialling' and dialled_at is null
    returning trunk, slot.number, slot.at
)
select asked.refusal, turn.wait, turn.usable, turn.settled
from asked
left join moved on true
left join lateral turn(moved.trunk, moved.number, moved.at) on moved.at is not null
