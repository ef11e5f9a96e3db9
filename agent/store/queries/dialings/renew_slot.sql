-- Another slot for a call that was too late for its own and has not dialed, if everything still
-- allows it. Returns a refusal, or the slot.
-- :call_id  the call
-- :spacing  seconds between two slots of the trunk
with asked as (
    select
        dialings.trunk,
        case
            when dialings.state <> 'dialling' or dialings.dialled_at is not null
                or dialings.holder is distinct from :holder
                then 'taken_back'
            when dialing_denied(dialings.number) is not null then dialing_denied(dialings.number)
            when trunks.paused_until > clock_timestamp() then 'paused'
        end as refusal
    from dialings join trunks on trunks.name = dialings.trunk
    where dialings.call_id = :call_id
),
slot as (
    select taken.number, taken.at
    from asked
    cross join lateral take_slot(
        case when asked.refusal is null then asked.trunk end, :spacing
    ) as taken
    where taken.at is not null
),
moved as (
    update dialings
    set slot_at = slot.at, slot_number = slot.number
    from slot
    where call_id = :call_id and state = 'dialling' and dialled_at is null
        and holder is not distinct from :holder
    returning trunk, slot.number, slot.at
)
select asked.refusal, slot_wait.wait, slot_wait.usable, slot_wait.settled
from asked
left join moved on true
left join lateral slot_wait(moved.trunk, moved.number, moved.at) on moved.at is not null
