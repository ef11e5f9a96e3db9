-- Asked once more by a call that had to wait for its slot: what has changed meanwhile counts.
select
    case
        when exists (select from opt_outs where number = dialings.number) then 'opted_out'
        when exists (select from switches where name = 'dialling' and stopped) then 'stopped'
        when dialings.state <> 'dialling' then 'taken_back'
    end
from dialings where call_id = $1
