select stopped, since, reason from switches where name = $1
