-- INSERT
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "id",
  "from",
  "n"
FROM "penstock_staged";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from",
    "n"
  FROM (
    SELECT
      "id",
      "from",
      "n",
      ROW_NUMBER() OVER (
        PARTITION BY "id", "from"
        ORDER BY "n" DESC NULLS LAST, "penstock_ordinal" DESC NULLS LAST
      ) AS "penstock_rank"
    FROM "penstock_staged"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n") VALUES ("s"."id", "s"."from", "s"."n");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- OVERWRITE
DELETE FROM "sales"."The Orders";
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "id",
  "from",
  "n"
FROM "penstock_staged";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT of keys only
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from"
  FROM (
    SELECT
      "id",
      "from",
      ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "penstock_ordinal" DESC NULLS LAST) AS "penstock_rank"
    FROM "penstock_staged"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN NOT MATCHED THEN INSERT ("id", "from") VALUES ("s"."id", "s"."from");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT, the smallest wins
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from",
    "n",
    "m"
  FROM (
    SELECT
      "id",
      "from",
      "n",
      "m",
      ROW_NUMBER() OVER (
        PARTITION BY "id", "from"
        ORDER BY "n" ASC, "m" DESC NULLS LAST, "penstock_ordinal" DESC NULLS LAST
      ) AS "penstock_rank"
    FROM "penstock_staged"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n",
  "m" = "s"."m"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n", "m") VALUES ("s"."id", "s"."from", "s"."n", "s"."m");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query of keys only
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from"
  FROM (
    SELECT
      "id",
      "from",
      ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "id" DESC NULLS LAST, "from" DESC NULLS LAST) AS "penstock_rank"
    FROM (
      SELECT
        *
      FROM latest
    ) AS "r"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN NOT MATCHED THEN INSERT ("id", "from") VALUES ("s"."id", "s"."from");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from",
    "n"
  FROM (
    SELECT
      "id",
      "from",
      "n",
      ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "n" DESC NULLS LAST) AS "penstock_rank"
    FROM (
      SELECT
        *
      FROM latest
    ) AS "r"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n") VALUES ("s"."id", "s"."from", "s"."n");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query in no order
MERGE INTO "sales"."The Orders" AS "t"
USING (
  SELECT
    "id",
    "from",
    "n"
  FROM (
    SELECT
      "id",
      "from",
      "n",
      ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "n" DESC NULLS LAST) AS "penstock_rank"
    FROM (
      SELECT
        *
      FROM latest
    ) AS "r"
  ) AS "numbered"
  WHERE
    "penstock_rank" = 1
) AS "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n") VALUES ("s"."id", "s"."from", "s"."n");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- INSERT from a query
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "id",
  "from",
  "n"
FROM (
  SELECT
    *
  FROM latest
) AS "r";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- INSERT of a second sink
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "id",
  "from",
  "n"
FROM "penstock_staged_2";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o\'clock "',
  0,
  CAST('2026-03-29' AS DATE)
