select id, call_id, starts_at, minutes, note
from appointments
where calendar = :calendar and starts_at = :starts_at
