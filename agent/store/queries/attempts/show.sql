select * from attempts where id = $1
