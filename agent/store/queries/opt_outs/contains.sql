select exists (select from opt_outs where number = $1)
