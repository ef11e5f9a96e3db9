delete from process_heartbeats where process_id = :process_id
