-- The latest corrections, newest first.
select number, scope, source, opted_out_at, corrected_at, corrected_by, reason
from opt_out_corrections
order by corrected_at desc, id desc
limit :limit
