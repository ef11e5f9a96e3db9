-- All events of the latest calls; the caller folds them.
select call_id, kind, at, source, source_id, detail
from call_events
where call_id in (select id from call_logs order by created_at desc limit :limit)
