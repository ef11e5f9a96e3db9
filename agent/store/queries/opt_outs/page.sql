-- One page of opt-outs, newest first, going on behind the one with time $1 and number $2.
select number, scope, source, at
from opt_outs
where $1::timestamptz is null or (at, number) < ($1, $2::text)
order by at desc, number desc
limit $3
