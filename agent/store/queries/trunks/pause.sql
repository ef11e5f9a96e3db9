-- Never shortens a pause that is there.
update trunks
set failures_in_a_row = failures_in_a_row + 1, pause_reason = :reason,
    paused_until = greatest(paused_until, now() + :seconds * interval '1 second')
where name = :name
