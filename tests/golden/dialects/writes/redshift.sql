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
  "batch"
)
SELECT
  '0190',
  'o\'clock',
  0

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
  "batch"
)
SELECT
  '0190',
  'o\'clock',
  0

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
  "batch"
)
SELECT
  '0190',
  'o\'clock',
  0

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
  "batch"
)
SELECT
  '0190',
  'o\'clock',
  0
