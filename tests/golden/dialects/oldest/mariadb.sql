-- qualify_limit
stays: SELECT "i" FROM (SELECT "t"."i" AS "i", ROW_NUMBER() OVER… stays here: qualify is not trusted in MariaDB, since it came with version 10.2

-- qualify_distinct
stays: SELECT "s" FROM (SELECT DISTINCT "t"."s" AS "s", RANK() O… stays here: qualify is not trusted in MariaDB, since it came with version 10.2

-- average_over
stays: AVG("t"."i") stays here: avg over of integer is not trusted in MariaDB, since it came with version 10.2

-- with
stays: WITH "k" AS (SELECT "t"."id" AS "id", "t"."i" AS "i" FROM… stays here: with is not trusted in MariaDB, since it came with version 10.2

-- window
stays: ROW_NUMBER() stays here: rownumber over is not trusted in MariaDB, since it came with version 10.2

-- qualify_of_numbers
stays: SELECT "id", "i" FROM (SELECT "t"."id" AS "id", "t"."i" A… stays here: qualify is not trusted in MariaDB, since it came with version 10.2

-- whole_among_doubles
stays: AVG("t"."x") stays here: avg over of float is not trusted in MariaDB, since it came with version 10.2
