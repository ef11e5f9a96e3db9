insert into trunks (name, calls_per_second) values ($1, $2)
on conflict (name) do update set calls_per_second = excluded.calls_per_second
