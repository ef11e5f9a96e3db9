-- All events of the latest calls of one origin; the caller folds them.
select call_id, kind, at, source, source_id, detail
from call_events
where call_id in (
    select id from call_logs
    where origin = :origin::text or (:origin = 'phone' and origin is null)
    order by created_at desc
    limit :limit
)
