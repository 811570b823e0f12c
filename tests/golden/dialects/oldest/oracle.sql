-- qualify_limit
SELECT "penstock_rows"."i" FROM (SELECT "penstock_qualify"."i", ROW_NUMBER() OVER (ORDER BY "penstock_qualify"."penstock_qualify_2", "penstock_qualify"."penstock_qualify_3") AS "penstock_place" FROM (SELECT "t"."i" AS "i", ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."b" DESC, "t"."id") AS "penstock_qualify_1", "t"."b" AS "penstock_qualify_2", "t"."id" AS "penstock_qualify_3" FROM "t" "t") "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" = 1) "penstock_rows" WHERE "penstock_rows"."penstock_place" <= 5 ORDER BY "penstock_rows"."penstock_place"

-- limit
SELECT "penstock_rows"."id" FROM (SELECT "t"."id" AS "id", ROW_NUMBER() OVER (ORDER BY "t"."i" DESC, "id") AS "penstock_place" FROM "t" "t") "penstock_rows" WHERE "penstock_rows"."penstock_place" <= 3 ORDER BY "penstock_rows"."penstock_place"

-- limit_offset
SELECT "penstock_rows"."id" FROM (SELECT "t"."id" AS "id", ROW_NUMBER() OVER (ORDER BY "t"."i" DESC, "id") AS "penstock_place" FROM "t" "t") "penstock_rows" WHERE "penstock_rows"."penstock_place" > 2 AND "penstock_rows"."penstock_place" <= 5 ORDER BY "penstock_rows"."penstock_place"

-- limit_of_groups
SELECT "penstock_rows"."s", "penstock_rows"."n" FROM (SELECT "penstock_all"."s", "penstock_all"."n", ROW_NUMBER() OVER (ORDER BY "penstock_all"."n" DESC, MIN("t"."id")) AS "penstock_place" FROM (SELECT "t"."s" AS "s", COUNT(*) AS "n" FROM "t" "t" GROUP BY "t"."s") "penstock_all") "penstock_rows" WHERE "penstock_rows"."penstock_place" > 1 AND "penstock_rows"."penstock_place" <= 3 ORDER BY "penstock_rows"."penstock_place"

-- limit_of_union
SELECT "penstock_rows"."id" FROM (SELECT "penstock_all"."id", ROW_NUMBER() OVER (ORDER BY "penstock_all"."id") AS "penstock_place" FROM (SELECT "t"."id" AS "id" FROM "t" "t" UNION ALL SELECT "u"."id" AS "id" FROM "u" "u") "penstock_all") "penstock_rows" WHERE "penstock_rows"."penstock_place" > 1 AND "penstock_rows"."penstock_place" <= 5 ORDER BY "penstock_rows"."penstock_place"

-- text_order_distinct
SELECT "penstock_rows"."s2" FROM (SELECT "penstock_all"."s2", ROW_NUMBER() OVER (ORDER BY "penstock_all"."s2" DESC) AS "penstock_place" FROM (SELECT DISTINCT "t"."s2" AS "s2" FROM "t" "t") "penstock_all") "penstock_rows" WHERE "penstock_rows"."penstock_place" <= 4 ORDER BY "penstock_rows"."penstock_place"
