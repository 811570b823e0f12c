-- qualify_limit
stays: SELECT "i" FROM (SELECT "t"."i" AS "i", ROW_NUMBER() OVER… stays here: qualify is not trusted in SQLite, since it came with version 3.25

-- qualify_distinct
stays: SELECT "s" FROM (SELECT DISTINCT "t"."s" AS "s", RANK() O… stays here: qualify is not trusted in SQLite, since it came with version 3.25

-- filter
SELECT "t"."s" AS "s", SUM(CASE WHEN "t"."f" THEN "t"."i" END) AS "a", COUNT(CASE WHEN "t"."i" > 0 THEN 1 END) AS "c", COUNT(DISTINCT CASE WHEN NOT "t"."f" THEN "t"."i" END) AS "d" FROM "t" AS "t" GROUP BY "t"."s"

-- full_join
SELECT "penstock_full"."penstock_full_1" AS "a", "penstock_full"."penstock_full_2" AS "b", COALESCE("penstock_full"."penstock_full_3", "penstock_full"."penstock_full_4") AS "s" FROM (SELECT "t"."id" AS "penstock_full_1", "u"."id" AS "penstock_full_2", "t"."s" AS "penstock_full_3", "u"."s" AS "penstock_full_4" FROM "t" AS "t" LEFT JOIN "u" AS "u" ON "t"."i" = "u"."i" UNION ALL SELECT NULL AS "penstock_full_1", "u"."id" AS "penstock_full_2", NULL AS "penstock_full_3", "u"."s" AS "penstock_full_4" FROM "u" AS "u" WHERE NOT EXISTS(SELECT 1 FROM "t" AS "t" WHERE "t"."i" = "u"."i")) AS "penstock_full" WHERE "penstock_full"."penstock_full_1" > 1 OR "penstock_full"."penstock_full_2" > 2

-- full_join_groups
SELECT "penstock_full"."penstock_full_1" AS "s", COUNT("penstock_full"."penstock_full_2") AS "n" FROM (SELECT "t"."s" AS "penstock_full_1", "u"."id" AS "penstock_full_2" FROM "t" AS "t" LEFT JOIN "u" AS "u" ON "t"."id" = "u"."id" + 2 UNION ALL SELECT NULL AS "penstock_full_1", "u"."id" AS "penstock_full_2" FROM "u" AS "u" WHERE NOT EXISTS(SELECT 1 FROM "t" AS "t" WHERE "t"."id" = "u"."id" + 2)) AS "penstock_full" GROUP BY "penstock_full"."penstock_full_1" HAVING COUNT(*) > 0

-- limit
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY CASE WHEN "t"."i" IS NULL THEN 0 ELSE 1 END ASC, "t"."i" DESC, CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "id" LIMIT 3

-- limit_offset
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY CASE WHEN "t"."i" IS NULL THEN 0 ELSE 1 END ASC, "t"."i" DESC, CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "id" LIMIT 3 OFFSET 2

-- limit_of_groups
SELECT "t"."s" AS "s", COUNT(*) AS "n" FROM "t" AS "t" GROUP BY "t"."s" ORDER BY CASE WHEN COUNT(*) IS NULL THEN 0 ELSE 1 END ASC, "n" DESC, CASE WHEN MIN("t"."id") IS NULL THEN 1 ELSE 0 END ASC, MIN("t"."id") LIMIT 2 OFFSET 1

-- limit_of_union
SELECT "penstock_distinct"."id" FROM (SELECT "t"."id" AS "id" FROM "t" AS "t" UNION ALL SELECT "u"."id" AS "id" FROM "u" AS "u") AS "penstock_distinct" ORDER BY CASE WHEN "penstock_distinct"."id" IS NULL THEN 1 ELSE 0 END ASC, "penstock_distinct"."id" LIMIT 4 OFFSET 1

-- null_order
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY CASE WHEN "t"."i" IS NULL THEN 1 ELSE 0 END ASC, "i", CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "id"

-- null_order_desc
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY CASE WHEN "t"."i" IS NULL THEN 0 ELSE 1 END ASC, "i" DESC, CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "id"

-- null_order_by_alias
SELECT "t"."id" AS "id", "t"."i" - 1 AS "k" FROM "t" AS "t" ORDER BY CASE WHEN ("t"."i" - 1) IS NULL THEN 0 ELSE 1 END ASC, "k" DESC, CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "id"

-- distinct_from
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE CASE WHEN "t"."s" = 'b' OR ("t"."s" IS NULL AND 'b' IS NULL) THEN FALSE ELSE TRUE END AND CASE WHEN "t"."i" = NULL OR ("t"."i" IS NULL AND NULL IS NULL) THEN TRUE ELSE FALSE END OR (CASE WHEN "t"."s" = 'b' OR ("t"."s" IS NULL AND 'b' IS NULL) THEN TRUE ELSE FALSE END) = TRUE

-- average_over
stays: AVG("t"."i") stays here: avg over of integer is not trusted in SQLite, since it came with version 3.25

-- text_order
SELECT "t"."s2" AS "s2" FROM "t" AS "t" WHERE "t"."s2" > 'B' ORDER BY CASE WHEN "t"."s2" IS NULL THEN 1 ELSE 0 END ASC, "s2", CASE WHEN "t"."id" IS NULL THEN 1 ELSE 0 END ASC, "t"."id"

-- text_order_distinct
SELECT "penstock_distinct"."s2" FROM (SELECT DISTINCT "t"."s2" AS "s2" FROM "t" AS "t") AS "penstock_distinct" ORDER BY CASE WHEN "penstock_distinct"."s2" IS NULL THEN 0 ELSE 1 END ASC, "penstock_distinct"."s2" DESC LIMIT 4

-- text_order_union
SELECT "penstock_distinct"."s" FROM (SELECT "t"."s" AS "s" FROM "t" AS "t" UNION SELECT "u"."s" AS "s" FROM "u" AS "u") AS "penstock_distinct" ORDER BY CASE WHEN "penstock_distinct"."s" IS NULL THEN 1 ELSE 0 END ASC, "penstock_distinct"."s"

-- window
stays: ROW_NUMBER() stays here: rownumber over is not trusted in SQLite, since it came with version 3.25

-- ordered_subquery
SELECT "x"."id" AS "id" FROM (SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY CASE WHEN "t"."i" IS NULL THEN 1 ELSE 0 END ASC, "t"."i") AS "x" WHERE "x"."id" > 1

-- filter_of_numbers
SELECT "t"."i" AS "i", SUM(CASE WHEN "t"."b" < 100 THEN "t"."b" END) AS "a", COUNT(CASE WHEN "t"."id" > 2 THEN 1 END) AS "c" FROM "t" AS "t" GROUP BY "t"."i"

-- distinct_from_numbers
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE CASE WHEN "t"."i" = 5 OR ("t"."i" IS NULL AND 5 IS NULL) THEN FALSE ELSE TRUE END AND (CASE WHEN "t"."p" = "t"."w" OR ("t"."p" IS NULL AND "t"."w" IS NULL) THEN TRUE ELSE FALSE END OR CASE WHEN "t"."id" = "t"."i" OR ("t"."id" IS NULL AND "t"."i" IS NULL) THEN FALSE ELSE TRUE END)

-- qualify_of_numbers
stays: SELECT "id", "i" FROM (SELECT "t"."id" AS "id", "t"."i" A… stays here: qualify is not trusted in SQLite, since it came with version 3.25

-- whole_among_doubles
stays: AVG("t"."x") stays here: avg over of float is not trusted in SQLite, since it came with version 3.25
