-- not_null
SELECT COUNT(*) AS "checked", COUNT("this"."name") AS "present" FROM "this"

-- not_null rows
SELECT "this".* FROM "this" WHERE "this"."name" IS NULL

-- not_null_where
SELECT COUNT(CASE WHEN ("this"."id" / 2 > 1) THEN 1 END) AS "checked", COUNT(CASE WHEN ("this"."id" / 2 > 1) THEN "this"."name" END) AS "present" FROM "this"

-- not_null_where rows
SELECT "this".* FROM "this" WHERE ("this"."id" / 2 > 1) AND "this"."name" IS NULL

-- unique
WITH "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM(CAST("repeated"."n" AS DECIMAL(38, 0))), 0) AS "failing" FROM (SELECT COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id" HAVING COUNT(*) > 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique rows
SELECT "this".* FROM "this" JOIN (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id" HAVING COUNT(*) > 1) AS "repeated" ON "this"."id" = "repeated"."k0" ORDER BY "this"."id" NULLS LAST

-- unique_text
stays: GROUP BY "this"."name" stays here: group key of text is not trusted in Teradata, since it compares texts without their trailing spaces

-- unique_text rows
stays: ORDER BY "this"."name" stays here: order key of text is not trusted in Teradata, since it compares texts without their trailing spaces

-- unique_nulls_equal
WITH "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM(CAST("repeated"."n" AS DECIMAL(38, 0))), 0) AS "failing" FROM (SELECT COUNT(*) AS "n" FROM "this" GROUP BY "this"."id", "this"."big" HAVING COUNT(*) > 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique_nulls_equal rows
SELECT "this".* FROM "this" JOIN (SELECT "this"."id" AS "k0", "this"."big" AS "k1", COUNT(*) AS "n" FROM "this" GROUP BY "this"."id", "this"."big" HAVING COUNT(*) > 1) AS "repeated" ON CASE WHEN "this"."id" = "repeated"."k0" OR ("this"."id" IS NULL AND "repeated"."k0" IS NULL) THEN 1 ELSE 0 END = 1 AND CASE WHEN "this"."big" = "repeated"."k1" OR ("this"."big" IS NULL AND "repeated"."k1" IS NULL) THEN 1 ELSE 0 END = 1 ORDER BY "this"."id" NULLS LAST, "this"."big" NULLS LAST

-- unique_destination
WITH "grouped_sizes" AS (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id"), "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM(CAST("repeated"."n" AS DECIMAL(38, 0))), 0) AS "failing" FROM (SELECT "grouped_sizes"."n" AS "n" FROM "grouped_sizes" WHERE "grouped_sizes"."n" > 1 UNION ALL SELECT "grouped_sizes"."n" AS "n" FROM "grouped_sizes" WHERE EXISTS(SELECT 1 FROM "r.destination" WHERE "r.destination"."id" = "grouped_sizes"."k0") AND "grouped_sizes"."n" = 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique_destination rows
SELECT "this".* FROM "this" JOIN (SELECT "sizes"."k0" AS "k0" FROM (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id") AS "sizes" WHERE "sizes"."n" > 1 UNION ALL SELECT "sizes"."k0" AS "k0" FROM (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id") AS "sizes" WHERE EXISTS(SELECT 1 FROM "r.destination" WHERE "r.destination"."id" = "sizes"."k0") AND "sizes"."n" = 1) AS "repeated" ON "this"."id" = "repeated"."k0" ORDER BY "this"."id" NULLS LAST

-- range_whole
SELECT COUNT("this"."id") AS "checked", COUNT(CASE WHEN ("this"."id" < 0 OR "this"."id" > 9) THEN 1 END) AS "failing", MIN("this"."id") AS "least", MAX("this"."id") AS "greatest" FROM "this"

-- range_whole rows
SELECT "this".* FROM "this" WHERE ("this"."id" < 0 OR "this"."id" > 9)

-- range_decimal
SELECT COUNT("this"."amount") AS "checked", COUNT(CASE WHEN ("this"."amount" <= 0.01) THEN 1 END) AS "failing", MIN("this"."amount") AS "least", MAX("this"."amount") AS "greatest" FROM "this"

-- range_decimal rows
SELECT "this".* FROM "this" WHERE ("this"."amount" <= 0.01)

-- range_double
SELECT COUNT("this"."weight") AS "checked", COUNT(CASE WHEN (-"this"."weight" > 0) THEN 1 END) AS "failing", MIN("this"."weight") AS "least", MAX("this"."weight") AS "greatest" FROM "this"

-- range_double rows
SELECT "this".* FROM "this" WHERE (-"this"."weight" > 0)

-- range_date
SELECT COUNT("this"."day") AS "checked", COUNT(CASE WHEN ("this"."day" < TO_DATE('1969-12-31', 'YYYY-MM-DD') OR "this"."day" > TO_DATE('2024-03-01', 'YYYY-MM-DD')) THEN 1 END) AS "failing", MIN("this"."day") AS "least", MAX("this"."day") AS "greatest" FROM "this"

-- range_date rows
SELECT "this".* FROM "this" WHERE ("this"."day" < TO_DATE('1969-12-31', 'YYYY-MM-DD') OR "this"."day" > TO_DATE('2024-03-01', 'YYYY-MM-DD'))

-- range_timestamp
SELECT COUNT("this"."at") AS "checked", COUNT(CASE WHEN ("this"."at" > TO_TIMESTAMP('2024-03-01 08:00:00', 'YYYY-MM-DD HH24:MI:SS')) THEN 1 END) AS "failing", MIN("this"."at") AS "least", MAX("this"."at") AS "greatest" FROM "this"

-- range_timestamp rows
SELECT "this".* FROM "this" WHERE ("this"."at" > TO_TIMESTAMP('2024-03-01 08:00:00', 'YYYY-MM-DD HH24:MI:SS'))

-- range_text
stays: CAST("this"."name" AS DOUBLE PRECISION) stays here: try cast of text and float is not trusted in Teradata

-- range_text rows
stays: CAST("this"."name" AS DOUBLE PRECISION) stays here: try cast of text and float is not trusted in Teradata

-- regex
stays: "this"."name" ~ '^(?:[A-Z]{2}[0-9]+)$' stays here: regexplike of text is not trusted in Teradata

-- regex rows
stays: "this"."name" ~ '^(?:[A-Z]{2}[0-9]+)$' stays here: regexplike of text is not trusted in Teradata

-- regex_pesel
stays: "this"."name" ~ '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(… stays here: regexplike of text is not trusted in Teradata

-- regex_pesel rows
stays: "this"."name" ~ '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(… stays here: regexplike of text is not trusted in Teradata

-- referential
WITH "grouped" AS (SELECT COUNT(*) AS "failing" FROM "this" WHERE NOT "this"."id" IS NULL AND NOT EXISTS(SELECT 1 FROM "r.references" WHERE "r.references"."id" = "this"."id")) SELECT COUNT("this"."id") AS "checked", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- referential rows
SELECT "this".* FROM "this" WHERE NOT "this"."id" IS NULL AND NOT EXISTS(SELECT 1 FROM "r.references" WHERE "r.references"."id" = "this"."id")

-- referential_pair
WITH "grouped" AS (SELECT COUNT(*) AS "failing" FROM "this" WHERE (NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL) AND NOT EXISTS(SELECT 1 FROM "r.references" WHERE "r.references"."a" = "this"."id" AND "r.references"."b" = "this"."big")) SELECT COUNT(CASE WHEN NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL THEN 1 END) AS "checked", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- referential_pair rows
SELECT "this".* FROM "this" WHERE (NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL) AND NOT EXISTS(SELECT 1 FROM "r.references" WHERE "r.references"."a" = "this"."id" AND "r.references"."b" = "this"."big")

-- custom_sql
WITH "grouped" AS (SELECT COUNT(*) AS "returned" FROM (SELECT "this"."id" AS "id" FROM (SELECT "this"."id", "this"."amount" FROM "this" WHERE ("this"."id" > 0)) AS "this" WHERE "this"."amount" > 5) AS "returned") SELECT COUNT(CASE WHEN ("this"."id" > 0) THEN 1 END) AS "checked", (SELECT "grouped"."returned" FROM "grouped") AS "returned" FROM "this"

-- custom_sql rows
SELECT "returned".* FROM (SELECT "this"."id" AS "id" FROM (SELECT "this"."id", "this"."amount" FROM "this" WHERE ("this"."id" > 0)) AS "this" WHERE "this"."amount" > 5) AS "returned"

-- custom_sql_groups
WITH "grouped" AS (SELECT COUNT(*) AS "returned" FROM (SELECT "this"."big" AS "big", COUNT(*) AS "n" FROM (SELECT "this"."big" FROM "this") AS "this" GROUP BY "this"."big" HAVING COUNT(*) > 5) AS "returned") SELECT COUNT(*) AS "checked", (SELECT "grouped"."returned" FROM "grouped") AS "returned" FROM "this"

-- custom_sql_groups rows
SELECT "returned".* FROM (SELECT "this"."big" AS "big", COUNT(*) AS "n" FROM (SELECT "this"."big" FROM "this") AS "this" GROUP BY "this"."big" HAVING COUNT(*) > 5) AS "returned"

-- completeness
SELECT COUNT(*) AS "checked", COUNT("this"."id") AS "filled" FROM "this"

-- completeness rows
SELECT "this".* FROM "this" WHERE ("this"."id" IS NULL)

-- completeness_blank
stays: "this"."email" <> '' stays here: neq of text and text is not trusted in Teradata, since it compares texts without their trailing spaces

-- completeness_blank rows
stays: "this"."email" = '' stays here: eq of text and text is not trusted in Teradata, since it compares texts without their trailing spaces

-- consistency
SELECT COUNT(*) AS "checked", COUNT(CASE WHEN (NOT ("this"."id" < "this"."big" OR "this"."amount" > 3)) THEN 1 END) AS "failing" FROM "this"

-- consistency rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" < "this"."big" OR "this"."amount" > 3))

-- consistency_null
SELECT COUNT(*) AS "checked", COUNT(CASE WHEN (NOT ("this"."id" < "this"."big") OR (CASE WHEN "this"."id" < "this"."big" THEN 1 WHEN NOT ("this"."id" < "this"."big") THEN 0 END) IS NULL) THEN 1 END) AS "failing" FROM "this"

-- consistency_null rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" < "this"."big") OR (CASE WHEN "this"."id" < "this"."big" THEN 1 WHEN NOT ("this"."id" < "this"."big") THEN 0 END) IS NULL)

-- consistency_division
SELECT COUNT(*) AS "checked", COUNT(CASE WHEN (NOT ("this"."id" / NULLIF("this"."big", 0) > 3) OR NOT (CASE WHEN ("this"."big") = 0 THEN 'expression: division by zero' END) IS NULL) THEN 1 END) AS "failing" FROM "this"

-- consistency_division rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" / NULLIF("this"."big", 0) > 3) OR NOT (CASE WHEN ("this"."big") = 0 THEN 'expression: division by zero' END) IS NULL)

-- freshness_date
SELECT COUNT(CASE WHEN "this"."day" > TO_DATE('2024-02-29', 'YYYY-MM-DD') THEN 1 END) AS "fresh", MAX("this"."day") AS "newest" FROM "this"

-- freshness_timestamp
SELECT COUNT(CASE WHEN "this"."at" >= TO_TIMESTAMP('2024-02-29 00:00:00', 'YYYY-MM-DD HH24:MI:SS') THEN 1 END) AS "fresh", MAX("this"."at") AS "newest" FROM "this"

-- freshness_moment
stays: CAST('2024-02-29 12:00:00+00:00' AS TIMESTAMPTZ) stays here: literal of a day of timestamptz is not trusted in Teradata

-- row_count
SELECT COUNT(*) AS "rows" FROM "this"

-- row_count_equals
WITH "grouped" AS (SELECT COUNT(*) AS "rows" FROM "r.equals") SELECT COUNT(CASE WHEN ("this"."id" > 1) THEN 1 END) AS "rows", (SELECT "grouped"."rows" FROM "grouped") AS "wanted" FROM "this"

-- anomaly_mean
SELECT (CAST(SUM("this"."amount") AS DOUBLE PRECISION) / CAST(COUNT("this"."amount") AS DOUBLE PRECISION)) AS "value" FROM "this"

-- anomaly_sum
stays: SUM(CAST("this"."big" AS DECIMAL(38, 0))) stays here: sum of wide is not trusted in Teradata

-- anomaly_expression
SELECT (SUM(CAST(CASE WHEN ("this"."id" > 1) THEN "this"."id" END AS BIGINT)) / NULLIF(COUNT(CASE WHEN ("this"."id" > 1) THEN 1 END), 0)) AS "value" FROM "this"
