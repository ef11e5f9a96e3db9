select pg_notify('attempts', '')
