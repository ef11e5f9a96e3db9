select id, call_id, starts_at, minutes, note
from appointments
where calendar = $1 and starts_at = $2
