select
    name, calls_per_second, failures_in_a_row, pause_reason,
    case when paused_until > now() then paused_until end as paused_until
from trunks order by name
