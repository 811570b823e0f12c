-- guarded_cast
stays: CAST("t"."s2" AS INT) stays here: try cast of text and integer is not trusted in PostgreSQL, since it came with version 16
