-- Asked again by a call that waits for its slot: may it still dial, and when?
select
    case
        when dialing_denied(dialings.number) is not null then dialing_denied(dialings.number)
        when dialings.state <> 'dialling' or dialings.holder is distinct from :holder
            then 'taken_back'
    end as refusal,
    slot_wait.wait, slot_wait.usable, slot_wait.settled
from dialings
left join lateral slot_wait(dialings.trunk, dialings.slot_number, dialings.slot_at)
    on dialings.slot_at is not null
where call_id = :call_id
