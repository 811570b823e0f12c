-- qualify_limit
SELECT "penstock_qualify"."i" FROM (SELECT "t"."i" AS "i", ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."b" DESC, "t"."id") AS "penstock_qualify_1", "t"."b" AS "penstock_qualify_2", "t"."id" AS "penstock_qualify_3" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" = 1 ORDER BY "penstock_qualify"."penstock_qualify_2", "penstock_qualify"."penstock_qualify_3" LIMIT 5

-- qualify_distinct
SELECT DISTINCT "penstock_qualify"."s" FROM (SELECT "t"."s" AS "s", RANK() OVER (ORDER BY "t"."i" DESC, "t"."id") AS "penstock_qualify_1" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" <= 4 ORDER BY "penstock_qualify"."s"

-- filter
SELECT "t"."s" AS "s", SUM("t"."i") FILTER(WHERE "t"."f") AS "a", COUNT(*) FILTER(WHERE "t"."i" > 0) AS "c", COUNT(DISTINCT "t"."i") FILTER(WHERE NOT "t"."f") AS "d" FROM "t" AS "t" GROUP BY "t"."s"

-- booleans_selected
SELECT "t"."id" AS "id", "t"."f" AS "f", "t"."i" > 3 AS "big", TRUE AS "yes", NOT "t"."f" AS "no" FROM "t" AS "t"

-- booleans_asked
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."f" AND NOT ("t"."i" > 3) OR "t"."f" IS TRUE AND ("t"."i" > 1) = ("t"."b" > 1)

-- boolean_in_case
SELECT "t"."id" AS "id", CASE WHEN "t"."f" THEN "t"."i" WHEN "t"."f" IS FALSE THEN -"t"."i" END AS "a", COALESCE("t"."f", FALSE) AS "c" FROM "t" AS "t" WHERE CASE WHEN "t"."i" > 3 THEN TRUE ELSE "t"."f" END

-- full_join
SELECT "t"."id" AS "a", "u"."id" AS "b", COALESCE("t"."s", "u"."s") AS "s" FROM "t" AS "t" FULL JOIN "u" AS "u" ON "t"."i" = "u"."i" WHERE "t"."id" > 1 OR "u"."id" > 2

-- full_join_groups
SELECT "t"."s" AS "s", COUNT("u"."id") AS "n" FROM "t" AS "t" FULL JOIN "u" AS "u" ON "t"."id" = "u"."id" + 2 GROUP BY "t"."s" HAVING COUNT(*) > 0

-- limit
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i" DESC, "id" LIMIT 3

-- limit_offset
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i" DESC, "id" LIMIT 3 OFFSET 2

-- limit_of_groups
SELECT "t"."s" AS "s", COUNT(*) AS "n" FROM "t" AS "t" GROUP BY "t"."s" ORDER BY "n" DESC, MIN("t"."id") LIMIT 2 OFFSET 1

-- limit_of_union
SELECT "t"."id" AS "id" FROM "t" AS "t" UNION ALL SELECT "u"."id" AS "id" FROM "u" AS "u" ORDER BY "id" LIMIT 4 OFFSET 1

-- whole_division
SELECT "t"."id" AS "id", "t"."i" / 3 AS "a", "t"."b" / 3 AS "c", (-7) / 2 AS "n" FROM "t" AS "t"

-- whole_division_large
SELECT "t"."id" AS "id", "t"."b" / 7 AS "a" FROM "t" AS "t" WHERE "t"."b" > 9000000000000000000

-- modulo
SELECT "t"."id" AS "id", "t"."i" % 3 AS "a", "t"."i" % -3 AS "b", "t"."b" % 1000 AS "c" FROM "t" AS "t"

-- null_order
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i", "id"

-- null_order_desc
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i" DESC, "id"

-- null_order_said
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i" NULLS FIRST, "id" DESC NULLS LAST

-- null_order_by_alias
SELECT "t"."id" AS "id", "t"."i" - 1 AS "k" FROM "t" AS "t" ORDER BY "k" DESC, "id"

-- distinct_from
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s" IS DISTINCT FROM 'b' AND "t"."i" IS NOT DISTINCT FROM NULL OR ("t"."s" IS NOT DISTINCT FROM 'b') = TRUE

-- concatenation
SELECT "t"."id" AS "id", "t"."s" || '-' || "t"."s2" AS "a" FROM "t" AS "t"

-- extremes
SELECT "t"."id" AS "id", GREATEST("t"."i", "t"."b") AS "g", LEAST("t"."i", "t"."b", 3) AS "l" FROM "t" AS "t"

-- like
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s" LIKE 'a%' OR "t"."s2" LIKE '_b'

-- like_escape
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s2" LIKE '10\%%' OR "t"."s2" LIKE '%[x]%' OR "t"."s2" LIKE 'a*b?'

-- not_like
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s" NOT LIKE 'a%' AND "t"."s2" NOT LIKE '_b' OR ("t"."s" NOT LIKE 'b%') IS NULL

-- averages
SELECT "t"."s" AS "s", CAST(AVG("t"."i") AS DOUBLE PRECISION) AS "a", CAST(AVG("t"."p") AS DOUBLE PRECISION) AS "b", CAST(AVG(DISTINCT "t"."i") AS DOUBLE PRECISION) AS "c" FROM "t" AS "t" GROUP BY "t"."s"

-- average_over
SELECT "t"."id" AS "id", CAST(AVG("t"."i") OVER (PARTITION BY "t"."s") AS DOUBLE PRECISION) AS "a", SUM("t"."i") OVER (PARTITION BY "t"."s") AS "n" FROM "t" AS "t"

-- sums
SELECT "t"."s" AS "s", SUM("t"."i") AS "a", SUM("t"."b") AS "c", SUM("t"."p") AS "d" FROM "t" AS "t" GROUP BY "t"."s"

-- decimals
SELECT "t"."id" AS "id", "t"."p" + "t"."w" AS "a", "t"."w" + "t"."w" AS "b", "t"."p" * "t"."w" AS "c", "t"."p" - 0.5 AS "d", "t"."p" * 1.5 AS "e" FROM "t" AS "t"

-- zones
SELECT "t"."id" AS "id", "t"."ts" AT TIME ZONE 'Europe/Warsaw' AS "a", "t"."d" AT TIME ZONE 'Europe/Warsaw' AS "b" FROM "t" AS "t"

-- unsized_of_whole
SELECT "t"."id" AS "id", CAST("t"."i" AS DECIMAL) AS "a", CAST("t"."b" AS DECIMAL) AS "c" FROM "t" AS "t"

-- unsized_decimals
SELECT "t"."id" AS "id", CAST("t"."i" AS DECIMAL) AS "a", CAST("t"."p" AS DECIMAL) AS "b" FROM "t" AS "t"

-- quotients
SELECT "t"."id" AS "id", ROUND(CAST("t"."p" AS DECIMAL(78, 40)) / 3, 16) AS "a", ROUND(CAST(10 AS DECIMAL(78, 40)) / NULLIF("t"."p", 0), 16) AS "b", ROUND(CAST("t"."w" AS DECIMAL(78, 40)) / NULLIF("t"."p", 0), 16) AS "c" FROM "t" AS "t"

-- text_order
SELECT "t"."s2" AS "s2" FROM "t" AS "t" WHERE "t"."s2" COLLATE "C" > 'B' ORDER BY "t"."s2" COLLATE "C", "t"."id"

-- text_order_distinct
SELECT "penstock_distinct"."s2" FROM (SELECT DISTINCT "t"."s2" AS "s2" FROM "t" AS "t") AS "penstock_distinct" ORDER BY "penstock_distinct"."s2" COLLATE "C" DESC LIMIT 4

-- text_order_union
SELECT "penstock_distinct"."s" FROM (SELECT "t"."s" AS "s" FROM "t" AS "t" UNION SELECT "u"."s" AS "s" FROM "u" AS "u") AS "penstock_distinct" ORDER BY "penstock_distinct"."s" COLLATE "C"

-- text_extremes
SELECT MIN("t"."s2" COLLATE "C") AS "a", MAX("t"."s2" COLLATE "C") AS "b" FROM "t" AS "t"

-- text_equality
SELECT "t"."id" AS "a", "u"."id" AS "b" FROM "t" AS "t" JOIN "u" AS "u" ON "t"."s2" = "u"."s2"

-- text_groups
SELECT "t"."s2" AS "s2", COUNT(*) AS "n" FROM "t" AS "t" GROUP BY "t"."s2"

-- count_distinct
SELECT COUNT(DISTINCT "t"."s2") AS "a", COUNT(*) AS "n", COUNT("t"."i") AS "c" FROM "t" AS "t"

-- substring
SELECT "t"."id" AS "id", SUBSTRING("t"."s2" FROM 2 FOR 2) AS "a", SUBSTRING("t"."s2" FROM 3) AS "b" FROM "t" AS "t"

-- text_functions
SELECT "t"."id" AS "id", LENGTH("t"."s2") AS "a", LOWER("t"."s2") AS "b", UPPER("t"."s") AS "c", REPLACE("t"."s2", 'a', 'xy') AS "d", TRIM("t"."s2") AS "e" FROM "t" AS "t"

-- position
SELECT "t"."id" AS "id", POSITION('b' IN "t"."s2") AS "a" FROM "t" AS "t"

-- days
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."d" >= CAST('2024-02-29' AS DATE) AND "t"."ts" < CAST('2024-03-01 12:30:00' AS TIMESTAMP)

-- parts_of_days
SELECT "t"."id" AS "id", EXTRACT(YEAR FROM "t"."d") AS "y", EXTRACT(MONTH FROM "t"."d") AS "m", EXTRACT(DAY FROM "t"."d") AS "x" FROM "t" AS "t"

-- casts
SELECT "t"."id" AS "id", CAST("t"."i" AS BIGINT) AS "a", CAST("t"."i" AS DECIMAL(12, 2)) AS "b", CAST("t"."i" AS DOUBLE PRECISION) AS "c", CAST("t"."i" AS TEXT) AS "x", CAST("t"."p" AS DECIMAL(12, 1)) AS "y" FROM "t" AS "t"

-- timestamps
SELECT "t"."id" AS "id", CAST("t"."d" AS TIMESTAMP) AS "a" FROM "t" AS "t"

-- moved_days
SELECT "t"."id" AS "id", "t"."d" + INTERVAL '1 MONTH' AS "a", "t"."d" - CAST('2024-01-01' AS DATE) AS "n", DATE_TRUNC('MONTH', CAST("t"."d" AS TIMESTAMP)) AS "m", DATE_TRUNC('MONTH', "t"."ts") AS "k", "t"."d" + 3 AS "p" FROM "t" AS "t"

-- in_and_between
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."i" IN (1, 2, NULL) OR "t"."b" BETWEEN 1 AND 5 OR NOT "t"."i" IN (1, 2)

-- exists
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE EXISTS(SELECT 1 AS "1" FROM "u" AS "u" WHERE "u"."id" = "t"."id")

-- with
WITH "k" AS (SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" WHERE "t"."i" > 1) SELECT "a"."id" AS "id", "b"."i" AS "i" FROM "k" AS "a" JOIN "k" AS "b" ON "a"."id" = "b"."id"

-- union
SELECT "t"."i" AS "i" FROM "t" AS "t" UNION SELECT "u"."i" AS "i" FROM "u" AS "u"

-- window
SELECT "t"."id" AS "id", ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."i" DESC, "t"."id") AS "n", RANK() OVER (ORDER BY "t"."i") AS "r", DENSE_RANK() OVER (ORDER BY "t"."i") AS "k" FROM "t" AS "t"

-- ordered_subquery
SELECT "x"."id" AS "id" FROM (SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i") AS "x" WHERE "x"."id" > 1

-- string_agg
SELECT "t"."s" AS "s", STRING_AGG("t"."s2", ',' ORDER BY "t"."id") AS "a" FROM "t" AS "t" GROUP BY "t"."s"

-- regexp_replace
SELECT "t"."id" AS "id", REGEXP_REPLACE("t"."s2", 'a+', 'x') AS "a" FROM "t" AS "t"

-- logarithm
SELECT "t"."id" AS "id", LOG("t"."x") AS "a", LN("t"."x") AS "b" FROM "t" AS "t" WHERE "t"."x" > 0

-- guarded_cast
SELECT "t"."id" AS "id", CAST(CASE WHEN "t"."s2" ~ '^[ \t\n\r\f]*[+-]?[0-9]+[ \t\n\r\f]*$' AND PG_INPUT_IS_VALID("t"."s2", 'int') THEN "t"."s2" END AS INT) AS "a" FROM "t" AS "t"

-- filter_of_numbers
SELECT "t"."i" AS "i", SUM("t"."b") FILTER(WHERE "t"."b" < 100) AS "a", COUNT(*) FILTER(WHERE "t"."id" > 2) AS "c" FROM "t" AS "t" GROUP BY "t"."i"

-- averages_of_numbers
SELECT "t"."i" AS "i", CAST(AVG("t"."id") AS DOUBLE PRECISION) AS "a", CAST(AVG("t"."p") AS DOUBLE PRECISION) AS "b", SUM("t"."id") AS "c", SUM("t"."p") AS "d" FROM "t" AS "t" GROUP BY "t"."i"

-- distinct_from_numbers
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."i" IS DISTINCT FROM 5 AND ("t"."p" IS NOT DISTINCT FROM "t"."w" OR "t"."id" IS DISTINCT FROM "t"."i")

-- qualify_of_numbers
SELECT "penstock_qualify"."id", "penstock_qualify"."i" FROM (SELECT "t"."id" AS "id", "t"."i" AS "i", ROW_NUMBER() OVER (PARTITION BY "t"."i" ORDER BY "t"."id" DESC) AS "penstock_qualify_1" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" = 1

-- doubles_cast
SELECT "t"."id" AS "id", CAST("t"."x" AS TEXT) AS "a", CAST("t"."x" AS DECIMAL(12, 1)) AS "b", CAST("t"."x" AS INT) AS "c" FROM "t" AS "t"

-- doubles_rounded
SELECT "t"."id" AS "id", ROUND("t"."x") AS "a", ROUND("t"."p") AS "b" FROM "t" AS "t"

-- seconds
SELECT "t"."id" AS "id", EXTRACT(SECOND FROM "t"."ts") AS "a" FROM "t" AS "t"

-- whole_division_of_decimals
SELECT "t"."id" AS "id", CAST(DIV("t"."p", 3) AS DECIMAL) AS "a" FROM "t" AS "t"

-- casts_of_whole_numbers
SELECT "t"."id" AS "id", CAST("t"."i" AS TEXT) AS "x", CAST("t"."i" AS BIGINT) AS "a" FROM "t" AS "t"

-- exact_literals
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."p" > 0.05 AND "t"."w" <> 5.55

-- decimals_beside_doubles
SELECT "t"."id" AS "id", "t"."x" + 0.5 AS "a", COALESCE("t"."x", 0.5) AS "b", CASE WHEN "t"."i" > 1 THEN "t"."p" ELSE "t"."x" END AS "c", NULLIF("t"."x", 2.5) AS "d" FROM "t" AS "t"

-- decimal_literals
SELECT "t"."id" AS "id", COALESCE("t"."p", 2.5) AS "a" FROM "t" AS "t" WHERE "t"."p" = 10.25 OR "t"."p" IN (0.5, 1.15) OR "t"."p" BETWEEN 2.25 AND 2.75

-- in_columns
SELECT "t"."id" AS "id", "t"."i" IN (5, "t"."b") AS "a", NOT "t"."i" IN (1, "t"."b") AS "c" FROM "t" AS "t"

-- capitals
SELECT "t"."id" AS "id", UPPER("t"."s") AS "a" FROM "t" AS "t" WHERE UPPER('straße') = 'STRAßE'

-- whole_among_doubles
SELECT "t"."id" AS "id", COALESCE("t"."x", 3) / 4 AS "a", CASE WHEN "t"."i" > 1 THEN 3 ELSE "t"."x" END / 2 AS "b", GREATEST("t"."x", 3) / 2 AS "c", AVG("t"."x") OVER (PARTITION BY "t"."s") AS "d" FROM "t" AS "t"
