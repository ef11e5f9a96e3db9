update trunks set failures_in_a_row = 0, paused_until = null, pause_reason = null
