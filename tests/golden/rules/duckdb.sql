-- not_null
SELECT COUNT(*) AS "checked", COUNT("this"."name") AS "present" FROM "this"

-- not_null rows
SELECT "this".* FROM "this" WHERE "this"."name" IS NULL

-- not_null_where
SELECT COUNT(*) FILTER(WHERE ("this"."id" // 2 > 1)) AS "checked", COUNT("this"."name") FILTER(WHERE ("this"."id" // 2 > 1)) AS "present" FROM "this"

-- not_null_where rows
SELECT "this".* FROM "this" WHERE ("this"."id" // 2 > 1) AND "this"."name" IS NULL

-- unique
WITH "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM("repeated"."n"), 0) AS "failing" FROM (SELECT COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id" HAVING COUNT(*) > 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique rows
SELECT "this".* FROM "this" JOIN (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id" HAVING COUNT(*) > 1) AS "repeated" ON "this"."id" = "repeated"."k0" ORDER BY "this"."id"

-- unique_text
WITH "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM("repeated"."n"), 0) AS "failing" FROM (SELECT COUNT(*) AS "n" FROM "this" WHERE NOT "this"."name" IS NULL GROUP BY "this"."name" HAVING COUNT(*) > 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique_text rows
SELECT "this".* FROM "this" JOIN (SELECT "this"."name" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."name" IS NULL GROUP BY "this"."name" HAVING COUNT(*) > 1) AS "repeated" ON "this"."name" = "repeated"."k0" ORDER BY "this"."name"

-- unique_nulls_equal
WITH "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM("repeated"."n"), 0) AS "failing" FROM (SELECT COUNT(*) AS "n" FROM "this" GROUP BY "this"."id", "this"."big" HAVING COUNT(*) > 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique_nulls_equal rows
SELECT "this".* FROM "this" JOIN (SELECT "this"."id" AS "k0", "this"."big" AS "k1", COUNT(*) AS "n" FROM "this" GROUP BY "this"."id", "this"."big" HAVING COUNT(*) > 1) AS "repeated" ON "this"."id" IS NOT DISTINCT FROM "repeated"."k0" AND "this"."big" IS NOT DISTINCT FROM "repeated"."k1" ORDER BY "this"."id", "this"."big"

-- unique_destination
WITH "grouped_sizes" AS (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id"), "grouped" AS (SELECT COUNT(*) AS "combinations", COALESCE(SUM("repeated"."n"), 0) AS "failing" FROM (SELECT "grouped_sizes"."n" AS "n" FROM "grouped_sizes" WHERE "grouped_sizes"."n" > 1 UNION ALL SELECT "grouped_sizes"."n" AS "n" FROM "grouped_sizes" SEMI JOIN "r.destination" ON "r.destination"."id" = "grouped_sizes"."k0" WHERE "grouped_sizes"."n" = 1) AS "repeated") SELECT COUNT(*) AS "checked", (SELECT "grouped"."combinations" FROM "grouped") AS "combinations", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- unique_destination rows
SELECT "this".* FROM "this" JOIN (SELECT "sizes"."k0" AS "k0" FROM (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id") AS "sizes" WHERE "sizes"."n" > 1 UNION ALL SELECT "sizes"."k0" AS "k0" FROM (SELECT "this"."id" AS "k0", COUNT(*) AS "n" FROM "this" WHERE NOT "this"."id" IS NULL GROUP BY "this"."id") AS "sizes" SEMI JOIN "r.destination" ON "r.destination"."id" = "sizes"."k0" WHERE "sizes"."n" = 1) AS "repeated" ON "this"."id" = "repeated"."k0" ORDER BY "this"."id"

-- range_whole
SELECT COUNT("this"."id") AS "checked", COUNT(*) FILTER(WHERE ("this"."id" < 0 OR "this"."id" > 9)) AS "failing", MIN("this"."id") AS "least", MAX("this"."id") AS "greatest" FROM "this"

-- range_whole rows
SELECT "this".* FROM "this" WHERE ("this"."id" < 0 OR "this"."id" > 9)

-- range_decimal
SELECT COUNT("this"."amount") AS "checked", COUNT(*) FILTER(WHERE ("this"."amount" <= 0.01)) AS "failing", MIN("this"."amount") AS "least", MAX("this"."amount") AS "greatest" FROM "this"

-- range_decimal rows
SELECT "this".* FROM "this" WHERE ("this"."amount" <= 0.01)

-- range_double
SELECT COUNT("this"."weight") AS "checked", COUNT(*) FILTER(WHERE (-"this"."weight" > 0)) AS "failing", MIN("this"."weight") AS "least", MAX("this"."weight") AS "greatest" FROM "this"

-- range_double rows
SELECT "this".* FROM "this" WHERE (-"this"."weight" > 0)

-- range_date
SELECT COUNT("this"."day") AS "checked", COUNT(*) FILTER(WHERE ("this"."day" < CAST('1969-12-31' AS DATE) OR "this"."day" > CAST('2024-03-01' AS DATE))) AS "failing", MIN("this"."day") AS "least", MAX("this"."day") AS "greatest" FROM "this"

-- range_date rows
SELECT "this".* FROM "this" WHERE ("this"."day" < CAST('1969-12-31' AS DATE) OR "this"."day" > CAST('2024-03-01' AS DATE))

-- range_timestamp
SELECT COUNT("this"."at") AS "checked", COUNT(*) FILTER(WHERE ("this"."at" > CAST('2024-03-01 08:00:00' AS TIMESTAMP))) AS "failing", MIN("this"."at") AS "least", MAX("this"."at") AS "greatest" FROM "this"

-- range_timestamp rows
SELECT "this".* FROM "this" WHERE ("this"."at" > CAST('2024-03-01 08:00:00' AS TIMESTAMP))

-- range_text
SELECT COUNT("this"."name") AS "checked", COUNT(*) FILTER(WHERE (-CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END > 0 OR (NOT "this"."name" IS NULL AND CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END IS NULL))) AS "failing", MIN(CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END) AS "least", MAX(CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END) AS "greatest" FROM "this"

-- range_text rows
SELECT "this".* FROM "this" WHERE (-CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END > 0 OR (NOT "this"."name" IS NULL AND CASE WHEN NOT REGEXP_MATCHES("this"."name", '_|\+-') THEN TRY_CAST("this"."name" AS DOUBLE) END IS NULL))

-- regex
SELECT COUNT("this"."name") AS "checked", COUNT(*) FILTER(WHERE NOT "this"."name" IS NULL AND NOT (REGEXP_MATCHES("this"."name", '^(?:[A-Z]{2}[0-9]+)$'))) AS "failing" FROM "this"

-- regex rows
SELECT "this".* FROM "this" WHERE NOT "this"."name" IS NULL AND NOT (REGEXP_MATCHES("this"."name", '^(?:[A-Z]{2}[0-9]+)$'))

-- regex_pesel
SELECT COUNT("this"."name") AS "checked", COUNT(*) FILTER(WHERE NOT "this"."name" IS NULL AND NOT (CASE WHEN REGEXP_MATCHES("this"."name", '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{5})$') THEN ((STRPOS('123456789', SUBSTRING("this"."name", 1, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 2, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 3, 1)) * 7 + STRPOS('123456789', SUBSTRING("this"."name", 4, 1)) * 9 + STRPOS('123456789', SUBSTRING("this"."name", 5, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 6, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 7, 1)) * 7 + STRPOS('123456789', SUBSTRING("this"."name", 8, 1)) * 9 + STRPOS('123456789', SUBSTRING("this"."name", 9, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 10, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 11, 1)) * 1) % 10) = 0 ELSE FALSE END)) AS "failing" FROM "this"

-- regex_pesel rows
SELECT "this".* FROM "this" WHERE NOT "this"."name" IS NULL AND NOT (CASE WHEN REGEXP_MATCHES("this"."name", '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{5})$') THEN ((STRPOS('123456789', SUBSTRING("this"."name", 1, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 2, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 3, 1)) * 7 + STRPOS('123456789', SUBSTRING("this"."name", 4, 1)) * 9 + STRPOS('123456789', SUBSTRING("this"."name", 5, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 6, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 7, 1)) * 7 + STRPOS('123456789', SUBSTRING("this"."name", 8, 1)) * 9 + STRPOS('123456789', SUBSTRING("this"."name", 9, 1)) * 1 + STRPOS('123456789', SUBSTRING("this"."name", 10, 1)) * 3 + STRPOS('123456789', SUBSTRING("this"."name", 11, 1)) * 1) % 10) = 0 ELSE FALSE END)

-- referential
WITH "grouped" AS (SELECT COUNT(*) AS "failing" FROM "this" ANTI JOIN "r.references" ON "r.references"."id" = "this"."id" WHERE NOT "this"."id" IS NULL) SELECT COUNT("this"."id") AS "checked", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- referential rows
SELECT "this".* FROM "this" ANTI JOIN "r.references" ON "r.references"."id" = "this"."id" WHERE NOT "this"."id" IS NULL

-- referential_pair
WITH "grouped" AS (SELECT COUNT(*) AS "failing" FROM "this" ANTI JOIN "r.references" ON "r.references"."a" = "this"."id" AND "r.references"."b" = "this"."big" WHERE NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL) SELECT COUNT(*) FILTER(WHERE NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL) AS "checked", (SELECT "grouped"."failing" FROM "grouped") AS "failing" FROM "this"

-- referential_pair rows
SELECT "this".* FROM "this" ANTI JOIN "r.references" ON "r.references"."a" = "this"."id" AND "r.references"."b" = "this"."big" WHERE NOT "this"."id" IS NULL AND NOT "this"."big" IS NULL

-- custom_sql
WITH "grouped" AS (SELECT COUNT(*) AS "returned" FROM (SELECT "this"."id" AS "id" FROM (SELECT "this"."id", "this"."amount" FROM "this" WHERE ("this"."id" > 0)) AS "this" WHERE "this"."amount" > 5) AS "returned") SELECT COUNT(*) FILTER(WHERE ("this"."id" > 0)) AS "checked", (SELECT "grouped"."returned" FROM "grouped") AS "returned" FROM "this"

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
SELECT COUNT(*) AS "checked", COUNT(*) FILTER(WHERE (NOT "this"."name" IS NULL AND NOT "this"."email" IS NULL) AND "this"."name" <> '' AND "this"."email" <> '') AS "filled" FROM "this"

-- completeness_blank rows
SELECT "this".* FROM "this" WHERE ("this"."name" IS NULL OR "this"."email" IS NULL OR "this"."name" = '' OR "this"."email" = '')

-- consistency
SELECT COUNT(*) AS "checked", COUNT(*) FILTER(WHERE (NOT ("this"."id" < "this"."big" OR "this"."amount" > 3))) AS "failing" FROM "this"

-- consistency rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" < "this"."big" OR "this"."amount" > 3))

-- consistency_null
SELECT COUNT(*) AS "checked", COUNT(*) FILTER(WHERE (NOT ("this"."id" < "this"."big") OR ("this"."id" < "this"."big") IS NULL)) AS "failing" FROM "this"

-- consistency_null rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" < "this"."big") OR ("this"."id" < "this"."big") IS NULL)

-- consistency_division
SELECT COUNT(*) AS "checked", COUNT(*) FILTER(WHERE (NOT ("this"."id" // NULLIF("this"."big", 0) > 3) OR NOT (CASE WHEN ("this"."big") = 0 THEN 'expression: division by zero' END) IS NULL)) AS "failing" FROM "this"

-- consistency_division rows
SELECT "this".* FROM "this" WHERE (NOT ("this"."id" // NULLIF("this"."big", 0) > 3) OR NOT (CASE WHEN ("this"."big") = 0 THEN 'expression: division by zero' END) IS NULL)

-- freshness_date
SELECT COUNT(*) FILTER(WHERE "this"."day" > CAST('2024-02-29' AS DATE)) AS "fresh", MAX("this"."day") AS "newest" FROM "this"

-- freshness_timestamp
SELECT COUNT(*) FILTER(WHERE "this"."at" >= CAST('2024-02-29 00:00:00' AS TIMESTAMP)) AS "fresh", MAX("this"."at") AS "newest" FROM "this"

-- freshness_moment
SELECT COUNT(*) FILTER(WHERE "this"."seen" >= CAST('2024-02-29 12:00:00+00:00' AS TIMESTAMPTZ)) AS "fresh", MAX("this"."seen") AS "newest" FROM "this"

-- row_count
SELECT COUNT(*) AS "rows" FROM "this"

-- row_count_equals
WITH "grouped" AS (SELECT COUNT(*) AS "rows" FROM "r.equals") SELECT COUNT(*) FILTER(WHERE ("this"."id" > 1)) AS "rows", (SELECT "grouped"."rows" FROM "grouped") AS "wanted" FROM "this"

-- anomaly_mean
SELECT AVG("this"."amount") AS "value" FROM "this"

-- anomaly_sum
SELECT SUM(CAST("this"."big" AS DECIMAL(38, 0))) AS "value" FROM "this"

-- anomaly_expression
SELECT (SUM("this"."id") FILTER(WHERE ("this"."id" > 1)) // NULLIF(COUNT(*) FILTER(WHERE ("this"."id" > 1)), 0)) AS "value" FROM "this"
