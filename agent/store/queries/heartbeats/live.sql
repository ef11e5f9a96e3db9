select
    process_id, kind, host, pid, started_at, detail,
    extract(epoch from now() - seen_at)::double precision as seen_seconds_ago
from process_heartbeats
where ($1::text is null or kind = $1) and seen_at > now() - $2 * interval '1 second'
order by kind, started_at
