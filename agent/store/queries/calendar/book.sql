insert into appointments (calendar, starts_at, minutes, call_id, note, booked_at)
values (:calendar, :starts_at, :minutes, :call_id, :note, :now)
on conflict (calendar, starts_at) do nothing
returning id, call_id, starts_at, minutes, note
