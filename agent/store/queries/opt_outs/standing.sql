select number, scope, source, at from opt_outs where number = :number order by scope limit 1
