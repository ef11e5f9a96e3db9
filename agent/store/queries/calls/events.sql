select call_id, kind, at, source, source_id, detail from call_events where call_id = :call_id
