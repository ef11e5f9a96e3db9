update trunks set failures_in_a_row = 0, paused_until = null, pause_reason = null
where name = :name and (failures_in_a_row > 0 or paused_until is not null)
