insert into appointments (calendar, starts_at, minutes, call_id, note, booked_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (calendar, starts_at) do nothing
returning id, call_id, starts_at, minutes, note
