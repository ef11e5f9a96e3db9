select stopped, since, reason from switches where name = :name
