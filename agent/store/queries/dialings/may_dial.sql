-- The only statement that lets a phone ring. Returns a refusal, or the slot that the call has taken.
-- :call_id        the call; its agent is in the room
-- :calls_a_day    so many calls to one number in 24 hours
-- :minutes_a_day  so many minutes of outbound calls a day; null: any number
-- :spacing        seconds between two slots of the trunk
-- :holder         the job that asks: from here on the call is its own
with asked as (
    select
        dialings.trunk,
        case
            when dialings.state <> 'dispatched' then 'taken_back'
            when dialing_denied(dialings.number) is not null then dialing_denied(dialings.number)
            when calls_in_a_day(dialings.number, now()) >= :calls_a_day then 'too_often'
            when minutes_today(now()) >= :minutes_a_day::bigint then 'budget'
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
    set state = 'dialling', dialling_at = clock_timestamp(), slot_at = slot.at,
        slot_number = slot.number, holder = :holder
    from slot
    where call_id = :call_id and state = 'dispatched'
    returning trunk, slot.number, slot.at
)
select asked.refusal, slot_wait.wait, slot_wait.usable, slot_wait.settled
from asked
left join moved on true
left join lateral slot_wait(moved.trunk, moved.number, moved.at) on moved.at is not null
