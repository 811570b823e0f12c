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
FROM "ORA$PTT_penstock_staged";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch"
)
SELECT
  '0190',
  'o''clock',
  0
FROM DUAL

-- UPSERT
MERGE INTO "sales"."The Orders" "t"
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
    FROM "ORA$PTT_penstock_staged"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n") VALUES ("s"."id", "s"."from", "s"."n");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch"
)
SELECT
  '0190',
  'o''clock',
  0
FROM DUAL

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
FROM "ORA$PTT_penstock_staged";
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch"
)
SELECT
  '0190',
  'o''clock',
  0
FROM DUAL

-- UPSERT from a query
MERGE INTO "sales"."The Orders" "t"
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
    ) "r"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
ON (
  "t"."id" = "s"."id" AND "t"."from" = "s"."from"
)
WHEN MATCHED THEN UPDATE SET
  "n" = "s"."n"
WHEN NOT MATCHED THEN INSERT ("id", "from", "n") VALUES ("s"."id", "s"."from", "s"."n");
INSERT INTO "penstock_markers" (
  "run",
  "node",
  "batch"
)
SELECT
  '0190',
  'o''clock',
  0
FROM DUAL
