insert into switches (name, stopped, since, reason) values ($1, $2, now(), $3)
on conflict (name) do update set
    stopped = excluded.stopped, since = excluded.since, reason = excluded.reason
