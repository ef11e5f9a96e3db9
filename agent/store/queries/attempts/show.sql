select * from attempts where id = :attempt_id
