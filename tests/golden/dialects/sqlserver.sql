-- qualify_limit
stays: ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."b" … stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- qualify_distinct
stays: SELECT "s" FROM (SELECT DISTINCT "t"."s" AS "s", RANK() O… stays here: distinct key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- filter
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- booleans_selected
SELECT [t].[id] AS [id], [t].[f] AS [f], CASE WHEN [t].[i] > 3 THEN 1 WHEN NOT ([t].[i] > 3) THEN 0 END AS [big], 1 AS [yes], CASE WHEN NOT [t].[f] = 1 THEN 1 WHEN NOT (NOT [t].[f] = 1) THEN 0 END AS [no] FROM [t] AS [t]

-- booleans_asked
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE [t].[f] = 1 AND NOT ([t].[i] > 3) OR CASE WHEN [t].[f] = 1 THEN 1 ELSE 0 END = 1 AND (CASE WHEN [t].[i] > 1 THEN 1 WHEN NOT ([t].[i] > 1) THEN 0 END) = (CASE WHEN [t].[b] > 1 THEN 1 WHEN NOT ([t].[b] > 1) THEN 0 END)

-- boolean_in_case
SELECT [t].[id] AS [id], CASE WHEN [t].[f] = 1 THEN [t].[i] WHEN CASE WHEN [t].[f] = 0 THEN 1 ELSE 0 END = 1 THEN -[t].[i] END AS [a], COALESCE([t].[f], 0) AS [c] FROM [t] AS [t] WHERE CASE WHEN [t].[i] > 3 THEN 1 ELSE [t].[f] END = 1

-- full_join
SELECT [t].[id] AS [a], [u].[id] AS [b], COALESCE([t].[s], [u].[s]) AS [s] FROM [t] AS [t] FULL JOIN [u] AS [u] ON [t].[i] = [u].[i] WHERE [t].[id] > 1 OR [u].[id] > 2

-- full_join_groups
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- limit
SELECT TOP 3 [t].[id] AS [id] FROM [t] AS [t] ORDER BY CASE WHEN [t].[i] IS NULL THEN 0 ELSE 1 END ASC, [t].[i] DESC, CASE WHEN [t].[id] IS NULL THEN 1 ELSE 0 END ASC, [id]

-- limit_offset
SELECT [t].[id] AS [id] FROM [t] AS [t] ORDER BY CASE WHEN [t].[i] IS NULL THEN 0 ELSE 1 END ASC, [t].[i] DESC, CASE WHEN [t].[id] IS NULL THEN 1 ELSE 0 END ASC, [id] OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY

-- limit_of_groups
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- limit_of_union
SELECT [penstock_distinct].[id] FROM (SELECT [t].[id] AS [id] FROM [t] AS [t] UNION ALL SELECT [u].[id] AS [id] FROM [u] AS [u]) AS [penstock_distinct] ORDER BY CASE WHEN [penstock_distinct].[id] IS NULL THEN 1 ELSE 0 END ASC, [penstock_distinct].[id] OFFSET 1 ROWS FETCH FIRST 4 ROWS ONLY

-- whole_division
SELECT [t].[id] AS [id], [t].[i] / 3 AS [a], [t].[b] / 3 AS [c], (-7) / 2 AS [n] FROM [t] AS [t]

-- whole_division_large
SELECT [t].[id] AS [id], [t].[b] / 7 AS [a] FROM [t] AS [t] WHERE [t].[b] > 9000000000000000000

-- modulo
SELECT [t].[id] AS [id], [t].[i] % 3 AS [a], [t].[i] % -3 AS [b], [t].[b] % 1000 AS [c] FROM [t] AS [t]

-- null_order
SELECT [t].[id] AS [id], [t].[i] AS [i] FROM [t] AS [t] ORDER BY CASE WHEN [t].[i] IS NULL THEN 1 ELSE 0 END ASC, [i], CASE WHEN [t].[id] IS NULL THEN 1 ELSE 0 END ASC, [id]

-- null_order_desc
SELECT [t].[id] AS [id], [t].[i] AS [i] FROM [t] AS [t] ORDER BY CASE WHEN [t].[i] IS NULL THEN 0 ELSE 1 END ASC, [i] DESC, CASE WHEN [t].[id] IS NULL THEN 1 ELSE 0 END ASC, [id]

-- null_order_said
SELECT [t].[id] AS [id], [t].[i] AS [i] FROM [t] AS [t] ORDER BY [i], [id] DESC

-- null_order_by_alias
SELECT [t].[id] AS [id], [t].[i] - 1 AS [k] FROM [t] AS [t] ORDER BY CASE WHEN ([t].[i] - 1) IS NULL THEN 0 ELSE 1 END ASC, [k] DESC, CASE WHEN [t].[id] IS NULL THEN 1 ELSE 0 END ASC, [id]

-- distinct_from
stays: "t"."s" IS DISTINCT FROM 'b' stays here: nullsafeneq of text and text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- concatenation
SELECT [t].[id] AS [id], [t].[s] + '-' + [t].[s2] AS [a] FROM [t] AS [t]

-- extremes
SELECT [t].[id] AS [id], CASE WHEN [t].[i] IS NULL THEN [t].[b] WHEN [t].[b] IS NULL THEN [t].[i] WHEN [t].[i] >= [t].[b] THEN [t].[i] ELSE [t].[b] END AS [g], CASE WHEN CASE WHEN [t].[i] IS NULL THEN [t].[b] WHEN [t].[b] IS NULL THEN [t].[i] WHEN [t].[i] <= [t].[b] THEN [t].[i] ELSE [t].[b] END IS NULL THEN 3 WHEN 3 IS NULL THEN CASE WHEN [t].[i] IS NULL THEN [t].[b] WHEN [t].[b] IS NULL THEN [t].[i] WHEN [t].[i] <= [t].[b] THEN [t].[i] ELSE [t].[b] END WHEN CASE WHEN [t].[i] IS NULL THEN [t].[b] WHEN [t].[b] IS NULL THEN [t].[i] WHEN [t].[i] <= [t].[b] THEN [t].[i] ELSE [t].[b] END <= 3 THEN CASE WHEN [t].[i] IS NULL THEN [t].[b] WHEN [t].[b] IS NULL THEN [t].[i] WHEN [t].[i] <= [t].[b] THEN [t].[i] ELSE [t].[b] END ELSE 3 END AS [l] FROM [t] AS [t]

-- like
stays: "t"."s" LIKE 'a%' stays here: like of text is not trusted in SQL Server, since trailing spaces and brackets have a meaning of their own there

-- like_escape
stays: "t"."s2" LIKE 'a*b?' stays here: like of text is not trusted in SQL Server, since trailing spaces and brackets have a meaning of their own there

-- not_like
stays: "t"."s" NOT LIKE 'a%' stays here: like of text is not trusted in SQL Server, since trailing spaces and brackets have a meaning of their own there

-- averages
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- average_over
stays: AVG("t"."i") OVER (PARTITION BY "t"."s") stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- sums
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- decimals
SELECT [t].[id] AS [id], [t].[p] + [t].[w] AS [a], [t].[w] + [t].[w] AS [b], [t].[p] * [t].[w] AS [c], [t].[p] - 0.5 AS [d], [t].[p] * 1.5 AS [e] FROM [t] AS [t]

-- zones
stays: "t"."ts" AT TIME ZONE 'Europe/Warsaw' stays here: attimezone of timestamp and text is not trusted in SQL Server

-- unsized_of_whole
SELECT [t].[id] AS [id], CAST([t].[i] AS NUMERIC(38, 10)) AS [a], CAST([t].[b] AS NUMERIC(38, 10)) AS [c] FROM [t] AS [t]

-- unsized_decimals
SELECT [t].[id] AS [id], CAST([t].[i] AS NUMERIC(38, 10)) AS [a], CAST([t].[p] AS NUMERIC(38, 10)) AS [b] FROM [t] AS [t]

-- quotients
stays: "t"."p" / 3 stays here: div of numeric and integer is not trusted in SQL Server

-- text_order
stays: ORDER BY "s2", "t"."id" stays here: order key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- text_order_distinct
stays: SELECT DISTINCT "t"."s2" AS "s2" FROM "t" AS "t" ORDER BY… stays here: distinct key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- text_order_union
stays: SELECT "t"."s" AS "s" FROM "t" AS "t" UNION SELECT "u"."s… stays here: distinct key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- text_extremes
stays: MIN("t"."s2") stays here: min of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- text_equality
stays: "t"."s2" = "u"."s2" stays here: eq of text and text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- text_groups
stays: GROUP BY "t"."s2" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- count_distinct
stays: COUNT(DISTINCT "t"."s2") stays here: distinct key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- substring
SELECT [t].[id] AS [id], SUBSTRING([t].[s2], 2, 2) AS [a], SUBSTRING([t].[s2], 3) AS [b] FROM [t] AS [t]

-- text_functions
stays: LENGTH("t"."s2") stays here: length of text is not trusted in SQL Server, since it does not count trailing spaces

-- position
stays: POSITION('b' IN "t"."s2") stays here: strposition of text and text is not trusted in SQL Server

-- days
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE [t].[d] >= CAST('2024-02-29' AS DATE) AND [t].[ts] < CAST('2024-03-01 12:30:00' AS DATETIME2)

-- parts_of_days
SELECT [t].[id] AS [id], DATEPART(YEAR, [t].[d]) AS [y], DATEPART(MONTH, [t].[d]) AS [m], DATEPART(DAY, [t].[d]) AS [x] FROM [t] AS [t]

-- casts
SELECT [t].[id] AS [id], CAST([t].[i] AS BIGINT) AS [a], CAST([t].[i] AS NUMERIC(12, 2)) AS [b], CAST([t].[i] AS FLOAT) AS [c], CAST([t].[i] AS NVARCHAR(MAX)) AS [x], CAST([t].[p] AS NUMERIC(12, 1)) AS [y] FROM [t] AS [t]

-- timestamps
stays: CAST("t"."d" AS TIMESTAMP) stays here: cast of date and timestamp is not trusted in SQL Server

-- moved_days
stays: "t"."d" + INTERVAL '1 MONTH' stays here: add of date and interval is not trusted in SQL Server

-- in_and_between
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE [t].[i] IN (1, 2, NULL) OR [t].[b] BETWEEN 1 AND 5 OR NOT [t].[i] IN (1, 2)

-- exists
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE EXISTS(SELECT 1 AS [1] FROM [u] AS [u] WHERE [u].[id] = [t].[id])

-- with
WITH [k] AS (SELECT [t].[id] AS [id], [t].[i] AS [i] FROM [t] AS [t] WHERE [t].[i] > 1) SELECT [a].[id] AS [id], [b].[i] AS [i] FROM [k] AS [a] JOIN [k] AS [b] ON [a].[id] = [b].[id]

-- union
SELECT [t].[i] AS [i] FROM [t] AS [t] UNION SELECT [u].[i] AS [i] FROM [u] AS [u]

-- window
stays: ROW_NUMBER() OVER (PARTITION BY "t"."s" ORDER BY "t"."i" … stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- ordered_subquery
SELECT [x].[id] AS [id] FROM (SELECT [t].[id] AS [id] FROM [t] AS [t]) AS [x] WHERE [x].[id] > 1

-- string_agg
stays: GROUP BY "t"."s" stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- regexp_replace
stays: REGEXP_REPLACE("t"."s2", 'a+', 'x') stays here: regexpreplace of text and text and text is not trusted in SQL Server

-- logarithm
stays: LOG("t"."x") stays here: log of float is not trusted in SQL Server

-- guarded_cast
stays: CAST("t"."s2" AS INT) stays here: try cast of text and integer is not trusted in SQL Server

-- filter_of_numbers
SELECT [t].[i] AS [i], SUM(CAST(CASE WHEN [t].[b] < 100 THEN [t].[b] END AS NUMERIC(38, 0))) AS [a], COUNT_BIG(CASE WHEN [t].[id] > 2 THEN 1 END) AS [c] FROM [t] AS [t] GROUP BY [t].[i]

-- averages_of_numbers
SELECT [t].[i] AS [i], (CAST(SUM(CAST([t].[id] AS BIGINT)) AS FLOAT) / CAST(COUNT([t].[id]) AS FLOAT)) AS [a], (CAST(SUM([t].[p]) AS FLOAT) / CAST(COUNT([t].[p]) AS FLOAT)) AS [b], SUM(CAST([t].[id] AS BIGINT)) AS [c], SUM([t].[p]) AS [d] FROM [t] AS [t] GROUP BY [t].[i]

-- distinct_from_numbers
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE [t].[i] IS DISTINCT FROM 5 AND ([t].[p] IS NOT DISTINCT FROM [t].[w] OR [t].[id] IS DISTINCT FROM [t].[i])

-- qualify_of_numbers
SELECT [penstock_qualify].[id], [penstock_qualify].[i] FROM (SELECT [t].[id] AS [id], [t].[i] AS [i], ROW_NUMBER() OVER (PARTITION BY [t].[i] ORDER BY CASE WHEN [t].[id] IS NULL THEN 0 ELSE 1 END ASC, [t].[id] DESC) AS [penstock_qualify_1] FROM [t] AS [t]) AS [penstock_qualify] WHERE [penstock_qualify].[penstock_qualify_1] = 1

-- doubles_cast
stays: CAST("t"."x" AS TEXT) stays here: cast of float and text is not trusted in SQL Server

-- doubles_rounded
stays: ROUND("t"."x") stays here: round of float is not trusted in SQL Server

-- seconds
stays: EXTRACT(SECOND FROM "t"."ts") stays here: extract second of timestamp is not trusted in SQL Server

-- whole_division_of_decimals
stays: DIV("t"."p", 3) stays here: intdiv of numeric and integer is not trusted in SQL Server

-- casts_of_whole_numbers
SELECT [t].[id] AS [id], CAST([t].[i] AS NVARCHAR(MAX)) AS [x], CAST([t].[i] AS BIGINT) AS [a] FROM [t] AS [t]

-- exact_literals
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE [t].[p] > 0.05 AND [t].[w] <> 5.55

-- decimals_beside_doubles
SELECT [t].[id] AS [id], [t].[x] + 0.5 AS [a], COALESCE([t].[x], 0.5) AS [b], CASE WHEN [t].[i] > 1 THEN [t].[p] ELSE [t].[x] END AS [c], NULLIF([t].[x], 2.5) AS [d] FROM [t] AS [t]

-- decimal_literals
SELECT [t].[id] AS [id], COALESCE([t].[p], 2.5) AS [a] FROM [t] AS [t] WHERE [t].[p] = 10.25 OR [t].[p] IN (0.5, 1.15) OR [t].[p] BETWEEN 2.25 AND 2.75

-- in_columns
SELECT [t].[id] AS [id], CASE WHEN [t].[i] IN (5, [t].[b]) THEN 1 WHEN NOT ([t].[i] IN (5, [t].[b])) THEN 0 END AS [a], CASE WHEN NOT [t].[i] IN (1, [t].[b]) THEN 1 WHEN NOT (NOT [t].[i] IN (1, [t].[b])) THEN 0 END AS [c] FROM [t] AS [t]

-- capitals
stays: UPPER('straße') = 'STRAßE' stays here: eq of text and text is not trusted in SQL Server, since it compares texts without their trailing spaces

-- whole_among_doubles
stays: AVG("t"."x") OVER (PARTITION BY "t"."s") stays here: group key of text is not trusted in SQL Server, since it compares texts without their trailing spaces
