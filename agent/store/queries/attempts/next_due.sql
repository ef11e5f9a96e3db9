-- Seconds until the next attempt is due.
select extract(epoch from min(due_at) - now())::double precision
from attempts where state = 'queued'
