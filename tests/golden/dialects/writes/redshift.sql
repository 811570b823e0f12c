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
UPDATE "sales"."The Orders" SET "n" = "s"."n"
FROM (
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
WHERE
  "The Orders"."id" = "s"."id" AND "The Orders"."from" = "s"."from";
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "s"."id",
  "s"."from",
  "s"."n"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
INSERT INTO "sales"."The Orders" (
  "id",
  "from"
)
SELECT
  "s"."id",
  "s"."from"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
UPDATE "sales"."The Orders" SET "n" = "s"."n", "m" = "s"."m"
FROM (
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
WHERE
  "The Orders"."id" = "s"."id" AND "The Orders"."from" = "s"."from";
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n",
  "m"
)
SELECT
  "s"."id",
  "s"."from",
  "s"."n",
  "s"."m"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
INSERT INTO "sales"."The Orders" (
  "id",
  "from"
)
SELECT
  "s"."id",
  "s"."from"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
UPDATE "sales"."The Orders" SET "n" = "s"."n"
FROM (
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
WHERE
  "The Orders"."id" = "s"."id" AND "The Orders"."from" = "s"."from";
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "s"."id",
  "s"."from",
  "s"."n"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
UPDATE "sales"."The Orders" SET "n" = "s"."n"
FROM (
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
WHERE
  "The Orders"."id" = "s"."id" AND "The Orders"."from" = "s"."from";
INSERT INTO "sales"."The Orders" (
  "id",
  "from",
  "n"
)
SELECT
  "s"."id",
  "s"."from",
  "s"."n"
FROM (
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
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "sales"."The Orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."from" = "s"."from"
  );
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
