insert into switches (name, stopped, since, reason) values (:name, :stopped, now(), :reason)
on conflict (name) do update set
    stopped = excluded.stopped, since = excluded.since, reason = excluded.reason
