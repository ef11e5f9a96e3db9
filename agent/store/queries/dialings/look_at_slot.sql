-- Asked once more by call $1, which waits for its slot: what has changed meanwhile counts.
select
    case
        when exists (select from opt_outs where number = dialings.number) then 'opted_out'
        when exists (select from switches where name = 'dialling' and stopped) then 'stopped'
        when dialings.state <> 'dialling' then 'taken_back'
    end as refusal,
    turn.wait, turn.usable, turn.settled
from dialings
left join lateral turn(dialings.trunk, dialings.slot_number, dialings.slot_at)
    on dialings.slot_at is not null
where call_id = $1
