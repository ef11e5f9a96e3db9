select
    process_id, kind, host, pid, started_at, detail,
    extract(epoch from now() - seen_at)::double precision as seen_seconds_ago
from process_heartbeats
where (:kind::text is null or kind = :kind) and seen_at > now() - :live_seconds * interval '1 second'
order by kind, started_at
