-- qualify_limit
SELECT "penstock_qualify"."i" FROM (SELECT "t"."i" AS "i", ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."b" DESC NULLS FIRST, "t"."id" NULLS LAST) AS "penstock_qualify_1", "t"."b" AS "penstock_qualify_2", "t"."id" AS "penstock_qualify_3" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" = 1 ORDER BY "penstock_qualify"."penstock_qualify_2" NULLS LAST, "penstock_qualify"."penstock_qualify_3" NULLS LAST LIMIT 5

-- qualify_distinct
SELECT DISTINCT "penstock_qualify"."s" FROM (SELECT "t"."s" AS "s", RANK() OVER (ORDER BY "t"."i" DESC NULLS FIRST, "t"."id" NULLS LAST) AS "penstock_qualify_1" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" <= 4 ORDER BY "penstock_qualify"."s" NULLS LAST

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
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i" DESC NULLS FIRST, "id" NULLS LAST LIMIT 3

-- limit_offset
SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i" DESC NULLS FIRST, "id" NULLS LAST LIMIT 3 OFFSET 2

-- limit_of_groups
SELECT "t"."s" AS "s", COUNT(*) AS "n" FROM "t" AS "t" GROUP BY "t"."s" ORDER BY "n" DESC NULLS FIRST, MIN("t"."id") NULLS LAST LIMIT 2 OFFSET 1

-- limit_of_union
SELECT "t"."id" AS "id" FROM "t" AS "t" UNION ALL SELECT "u"."id" AS "id" FROM "u" AS "u" ORDER BY "id" NULLS LAST LIMIT 4 OFFSET 1

-- whole_division
SELECT "t"."id" AS "id", "t"."i" / 3 AS "a", "t"."b" / 3 AS "c", (-7) / 2 AS "n" FROM "t" AS "t"

-- whole_division_large
SELECT "t"."id" AS "id", "t"."b" / 7 AS "a" FROM "t" AS "t" WHERE "t"."b" > 9000000000000000000

-- modulo
SELECT "t"."id" AS "id", "t"."i" % 3 AS "a", "t"."i" % -3 AS "b", "t"."b" % 1000 AS "c" FROM "t" AS "t"

-- null_order
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i" NULLS LAST, "id" NULLS LAST

-- null_order_desc
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i" DESC NULLS FIRST, "id" NULLS LAST

-- null_order_said
SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" ORDER BY "i", "id" DESC

-- null_order_by_alias
SELECT "t"."id" AS "id", "t"."i" - 1 AS "k" FROM "t" AS "t" ORDER BY "k" DESC NULLS FIRST, "id" NULLS LAST

-- distinct_from
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s" IS NOT 'b' AND "t"."i" IS NULL OR ("t"."s" IS 'b') = TRUE

-- concatenation
SELECT "t"."id" AS "id", "t"."s" || '-' || "t"."s2" AS "a" FROM "t" AS "t"

-- extremes
SELECT "t"."id" AS "id", CASE WHEN "t"."i" IS NULL THEN "t"."b" WHEN "t"."b" IS NULL THEN "t"."i" WHEN "t"."i" >= "t"."b" THEN "t"."i" ELSE "t"."b" END AS "g", CASE WHEN CASE WHEN "t"."i" IS NULL THEN "t"."b" WHEN "t"."b" IS NULL THEN "t"."i" WHEN "t"."i" <= "t"."b" THEN "t"."i" ELSE "t"."b" END IS NULL THEN 3 WHEN 3 IS NULL THEN CASE WHEN "t"."i" IS NULL THEN "t"."b" WHEN "t"."b" IS NULL THEN "t"."i" WHEN "t"."i" <= "t"."b" THEN "t"."i" ELSE "t"."b" END WHEN CASE WHEN "t"."i" IS NULL THEN "t"."b" WHEN "t"."b" IS NULL THEN "t"."i" WHEN "t"."i" <= "t"."b" THEN "t"."i" ELSE "t"."b" END <= 3 THEN CASE WHEN "t"."i" IS NULL THEN "t"."b" WHEN "t"."b" IS NULL THEN "t"."i" WHEN "t"."i" <= "t"."b" THEN "t"."i" ELSE "t"."b" END ELSE 3 END AS "l" FROM "t" AS "t"

-- like
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s" GLOB 'a*' OR "t"."s2" GLOB '?b'

-- like_escape
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."s2" GLOB '10%*' OR "t"."s2" GLOB '*[[]x]*' OR "t"."s2" GLOB 'a[*]b[?]'

-- not_like
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE (NOT "t"."s" GLOB 'a*') AND (NOT "t"."s2" GLOB '?b') OR ((NOT "t"."s" GLOB 'b*')) IS NULL

-- averages
SELECT "t"."s" AS "s", (CAST(SUM("t"."i") AS REAL) / CAST(COUNT("t"."i") AS REAL)) AS "a", (CAST(SUM("t"."p") AS REAL) / CAST(COUNT("t"."p") AS REAL)) AS "b", (CAST(SUM(DISTINCT "t"."i") AS REAL) / CAST(COUNT(DISTINCT "t"."i") AS REAL)) AS "c" FROM "t" AS "t" GROUP BY "t"."s"

-- average_over
SELECT "t"."id" AS "id", (CAST(SUM("t"."i") OVER (PARTITION BY "t"."s") AS REAL) / CAST(COUNT("t"."i") OVER (PARTITION BY "t"."s") AS REAL)) AS "a", SUM("t"."i") OVER (PARTITION BY "t"."s") AS "n" FROM "t" AS "t"

-- sums
stays: SUM("t"."p") stays here: sum of numeric is not trusted in SQLite, since it has no decimals, only doubles

-- decimals
stays: "t"."p" + "t"."w" stays here: add of numeric and numeric is not trusted in SQLite, since it has no decimals, only doubles

-- zones
stays: "t"."ts" AT TIME ZONE 'Europe/Warsaw' stays here: attimezone of timestamp and text is not trusted in SQLite

-- unsized_of_whole
stays: CAST("t"."i" AS DECIMAL) stays here: cast of integer and wide is not trusted in SQLite, since it has no decimals, only doubles

-- unsized_decimals
stays: CAST("t"."i" AS DECIMAL) stays here: cast of integer and wide is not trusted in SQLite, since it has no decimals, only doubles

-- quotients
stays: "t"."p" / 3 stays here: div of numeric and integer is not trusted in SQLite

-- text_order
SELECT "t"."s2" AS "s2" FROM "t" AS "t" WHERE "t"."s2" > 'B' ORDER BY "s2" NULLS LAST, "t"."id" NULLS LAST

-- text_order_distinct
SELECT DISTINCT "t"."s2" AS "s2" FROM "t" AS "t" ORDER BY "s2" DESC NULLS FIRST LIMIT 4

-- text_order_union
SELECT "t"."s" AS "s" FROM "t" AS "t" UNION SELECT "u"."s" AS "s" FROM "u" AS "u" ORDER BY "s" NULLS LAST

-- text_extremes
SELECT MIN("t"."s2") AS "a", MAX("t"."s2") AS "b" FROM "t" AS "t"

-- text_equality
SELECT "t"."id" AS "a", "u"."id" AS "b" FROM "t" AS "t" JOIN "u" AS "u" ON "t"."s2" = "u"."s2"

-- text_groups
SELECT "t"."s2" AS "s2", COUNT(*) AS "n" FROM "t" AS "t" GROUP BY "t"."s2"

-- count_distinct
SELECT COUNT(DISTINCT "t"."s2") AS "a", COUNT(*) AS "n", COUNT("t"."i") AS "c" FROM "t" AS "t"

-- substring
SELECT "t"."id" AS "id", SUBSTRING("t"."s2", 2, 2) AS "a", SUBSTRING("t"."s2", 3) AS "b" FROM "t" AS "t"

-- text_functions
stays: LOWER("t"."s2") stays here: lower of text is not trusted in SQLite, since it knows the letters of ASCII only

-- position
SELECT "t"."id" AS "id", INSTR("t"."s2", 'b') AS "a" FROM "t" AS "t"

-- days
stays: "t"."d" >= CAST('2024-02-29' AS DATE) stays here: gte of date and date is not trusted in SQLite, since it has no dates, only texts and numbers that stand for them

-- parts_of_days
stays: EXTRACT(YEAR FROM "t"."d") stays here: extract year of date is not trusted in SQLite, since it has no dates, only texts and numbers that stand for them

-- casts
stays: CAST("t"."i" AS DECIMAL(12, 2)) stays here: cast of integer and numeric is not trusted in SQLite, since it has no decimals, only doubles

-- timestamps
stays: CAST("t"."d" AS TIMESTAMP) stays here: cast of date and timestamp is not trusted in SQLite

-- moved_days
stays: "t"."d" + INTERVAL '1 MONTH' stays here: add of date and interval is not trusted in SQLite

-- in_and_between
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."i" IN (1, 2, NULL) OR "t"."b" BETWEEN 1 AND 5 OR NOT "t"."i" IN (1, 2)

-- exists
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE EXISTS(SELECT 1 AS "1" FROM "u" AS "u" WHERE "u"."id" = "t"."id")

-- with
WITH "k" AS (SELECT "t"."id" AS "id", "t"."i" AS "i" FROM "t" AS "t" WHERE "t"."i" > 1) SELECT "a"."id" AS "id", "b"."i" AS "i" FROM "k" AS "a" JOIN "k" AS "b" ON "a"."id" = "b"."id"

-- union
SELECT "t"."i" AS "i" FROM "t" AS "t" UNION SELECT "u"."i" AS "i" FROM "u" AS "u"

-- window
SELECT "t"."id" AS "id", ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."i" DESC NULLS FIRST, "t"."id" NULLS LAST) AS "n", RANK() OVER (ORDER BY "t"."i" NULLS LAST) AS "r", DENSE_RANK() OVER (ORDER BY "t"."i" NULLS LAST) AS "k" FROM "t" AS "t"

-- ordered_subquery
SELECT "x"."id" AS "id" FROM (SELECT "t"."id" AS "id" FROM "t" AS "t" ORDER BY "t"."i" NULLS LAST) AS "x" WHERE "x"."id" > 1

-- string_agg
stays: STRING_AGG("t"."s2", ',' ORDER BY "t"."id") stays here: groupconcat of text and text is not trusted in SQLite

-- regexp_replace
stays: REGEXP_REPLACE("t"."s2", 'a+', 'x') stays here: regexpreplace of text and text and text is not trusted in SQLite

-- logarithm
stays: LOG("t"."x") stays here: log of float is not trusted in SQLite

-- guarded_cast
stays: CAST("t"."s2" AS INT) stays here: try cast of text and integer is not trusted in SQLite

-- filter_of_numbers
SELECT "t"."i" AS "i", SUM("t"."b") FILTER(WHERE "t"."b" < 100) AS "a", COUNT(*) FILTER(WHERE "t"."id" > 2) AS "c" FROM "t" AS "t" GROUP BY "t"."i"

-- averages_of_numbers
stays: SUM("t"."p") stays here: sum of numeric is not trusted in SQLite, since it has no decimals, only doubles

-- distinct_from_numbers
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."i" IS NOT 5 AND ("t"."p" IS "t"."w" OR "t"."id" IS NOT "t"."i")

-- qualify_of_numbers
SELECT "penstock_qualify"."id", "penstock_qualify"."i" FROM (SELECT "t"."id" AS "id", "t"."i" AS "i", ROW_NUMBER() OVER (PARTITION BY "t"."i" ORDER BY "t"."id" DESC NULLS FIRST) AS "penstock_qualify_1" FROM "t" AS "t") AS "penstock_qualify" WHERE "penstock_qualify"."penstock_qualify_1" = 1

-- doubles_cast
stays: CAST("t"."x" AS TEXT) stays here: cast of float and text is not trusted in SQLite

-- doubles_rounded
stays: ROUND("t"."x") stays here: round of float is not trusted in SQLite

-- seconds
stays: EXTRACT(SECOND FROM "t"."ts") stays here: extract second of timestamp is not trusted in SQLite

-- whole_division_of_decimals
stays: DIV("t"."p", 3) stays here: cast of numeric and wide is not trusted in SQLite

-- casts_of_whole_numbers
SELECT "t"."id" AS "id", CAST("t"."i" AS TEXT) AS "x", CAST("t"."i" AS INTEGER) AS "a" FROM "t" AS "t"

-- exact_literals
SELECT "t"."id" AS "id" FROM "t" AS "t" WHERE "t"."p" > 0.05 AND "t"."w" <> 5.55

-- decimals_beside_doubles
SELECT "t"."id" AS "id", "t"."x" + 0.5 AS "a", COALESCE("t"."x", 0.5) AS "b", CASE WHEN "t"."i" > 1 THEN "t"."p" ELSE "t"."x" END AS "c", NULLIF("t"."x", 2.5) AS "d" FROM "t" AS "t"

-- decimal_literals
SELECT "t"."id" AS "id", COALESCE("t"."p", 2.5) AS "a" FROM "t" AS "t" WHERE "t"."p" = 10.25 OR "t"."p" IN (0.5, 1.15) OR "t"."p" BETWEEN 2.25 AND 2.75

-- in_columns
SELECT "t"."id" AS "id", "t"."i" IN (5, "t"."b") AS "a", NOT "t"."i" IN (1, "t"."b") AS "c" FROM "t" AS "t"

-- capitals
stays: UPPER("t"."s") stays here: upper of text is not trusted in SQLite, since it knows the letters of ASCII only

-- whole_among_doubles
SELECT "t"."id" AS "id", CAST(COALESCE("t"."x", 3) AS REAL) / 4 AS "a", CAST(CASE WHEN "t"."i" > 1 THEN 3 ELSE "t"."x" END AS REAL) / 2 AS "b", CAST(CASE WHEN "t"."x" IS NULL THEN 3 WHEN 3 IS NULL THEN "t"."x" WHEN "t"."x" >= 3 THEN "t"."x" ELSE 3 END AS REAL) / 2 AS "c", AVG("t"."x") OVER (PARTITION BY "t"."s") AS "d" FROM "t" AS "t"
