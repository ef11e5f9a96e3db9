with forgotten as (
    delete from process_heartbeats where seen_at < now() - interval '1 day'
)
insert into process_heartbeats (process_id, kind, host, pid, started_at, seen_at, detail)
values (:process_id, :kind, :host, :pid, :started_at, now(), :detail)
on conflict (process_id) do update set seen_at = now(), detail = excluded.detail
