insert into trunks (name, calls_per_second) values (:name, :calls_per_second)
on conflict (name) do update set calls_per_second = excluded.calls_per_second
