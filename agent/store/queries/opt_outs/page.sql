-- One page of opt-outs, newest first.
-- :after_at, :after_number  the page goes on behind this opt-out; null: from the newest
select number, scope, source, at
from opt_outs
where :after_at::timestamptz is null or (at, number) < (:after_at, :after_number::text)
order by at desc, number desc
limit :limit
