select * from attempts order by created_at desc limit :limit
