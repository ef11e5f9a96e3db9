update attempts set gate = $2 where id = $1
