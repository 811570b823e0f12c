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
  DATE('2026-03-29')

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
    ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "n" DESC, "penstock_ordinal" DESC) AS "penstock_rank"
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
  DATE('2026-03-29')

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
  DATE('2026-03-29')

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
    ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "penstock_ordinal" DESC) AS "penstock_rank"
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
  DATE('2026-03-29')

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
      ORDER BY "n" ASC NULLS LAST, "m" DESC, "penstock_ordinal" DESC
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
  DATE('2026-03-29')

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
    ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "id" DESC, "from" DESC) AS "penstock_rank"
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
  DATE('2026-03-29')

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
    ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "n" DESC) AS "penstock_rank"
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
  DATE('2026-03-29')

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
    ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "n" DESC) AS "penstock_rank"
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
  DATE('2026-03-29')

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
  DATE('2026-03-29')

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
  DATE('2026-03-29')
