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
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO UPDATE SET "n" = "excluded"."n";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
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
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT of keys only
INSERT INTO "sales"."The Orders" (
  "id",
  "from"
)
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO NOTHING;
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT, the smallest wins
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n",
  "m"
)
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO UPDATE SET "n" = "excluded"."n", "m" = "excluded"."m";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query of keys only
INSERT INTO "sales"."The Orders" (
  "id",
  "from"
)
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO NOTHING;
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO UPDATE SET "n" = "excluded"."n";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT from a query in no order
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
  "penstock_rank" = 1 ON CONFLICT("id", "from") DO UPDATE SET "n" = "excluded"."n";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
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
  'o''clock "',
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
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)
