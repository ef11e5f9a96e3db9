delete from process_heartbeats where process_id = $1
