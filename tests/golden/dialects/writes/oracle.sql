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
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
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
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
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
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

-- UPSERT of keys only
MERGE INTO "sales"."The Orders" "t"
USING (
  SELECT
    "id",
    "from"
  FROM (
    SELECT
      "id",
      "from",
      ROW_NUMBER() OVER (PARTITION BY "id", "from" ORDER BY "penstock_ordinal" DESC NULLS LAST) AS "penstock_rank"
    FROM "ORA$PTT_penstock_staged"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
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
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

-- UPSERT, the smallest wins
MERGE INTO "sales"."The Orders" "t"
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
    FROM "ORA$PTT_penstock_staged"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
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
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

-- UPSERT from a query of keys only
MERGE INTO "sales"."The Orders" "t"
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
    ) "r"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
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
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
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
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

-- UPSERT from a query in no order
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
  "batch",
  "at"
)
SELECT
  '0190',
  'o''clock "',
  0,
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

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
) "r";
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
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL

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
  TO_DATE('2026-03-29', 'YYYY-MM-DD')
FROM DUAL
