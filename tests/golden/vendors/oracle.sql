-- inside
SELECT "big"."SHOP", CAST(COUNT(*) AS NUMBER(19)) AS "N", SUM("big"."AMOUNT") AS "TOTAL", COUNT(*) AS "__rows" FROM (SELECT "sales"."SHOP", "sales"."AMOUNT" FROM (SELECT "sales"."SHOP", "sales"."AMOUNT" FROM "S"."SALES" "sales") "sales" WHERE "sales"."AMOUNT" > 10 AND "sales"."SHOP" IS NOT NULL) "big" GROUP BY "big"."SHOP"
;
CREATE PRIVATE TEMPORARY TABLE "ORA$PTT_penstock_staged" ON COMMIT PRESERVE DEFINITION AS SELECT "SHOP", "N", "TOTAL", CAST(0 AS INT) AS "penstock_ordinal" FROM "TOTALS" WHERE 1 = 0 UNION ALL SELECT "SHOP", "N", "TOTAL", CAST(0 AS INT) AS "penstock_ordinal" FROM "TOTALS" WHERE 1 = 0
;
INSERT INTO "ORA$PTT_penstock_staged" ("SHOP", "N", "TOTAL", "penstock_ordinal") SELECT "q"."SHOP", "q"."N", "q"."TOTAL", 0 FROM (SELECT "totals"."SHOP", "totals"."N", "totals"."TOTAL" FROM "ORA$PTT_3 totals" "totals") "q"
;
MERGE INTO "TOTALS" "t"
USING (
  SELECT
    "SHOP",
    "N",
    "TOTAL"
  FROM (
    SELECT
      "SHOP",
      "N",
      "TOTAL",
      ROW_NUMBER() OVER (
        PARTITION BY "SHOP"
        ORDER BY "N" DESC NULLS LAST, "TOTAL" DESC NULLS LAST, "penstock_ordinal" DESC NULLS LAST
      ) AS "penstock_rank"
    FROM "ORA$PTT_penstock_staged"
  ) "numbered"
  WHERE
    "penstock_rank" = 1
) "s"
ON (
  "t"."SHOP" = "s"."SHOP"
)
WHEN MATCHED THEN UPDATE SET
  "N" = "s"."N",
  "TOTAL" = "s"."TOTAL"
WHEN NOT MATCHED THEN INSERT ("SHOP", "N", "TOTAL") VALUES ("s"."SHOP", "s"."N", "s"."TOTAL")

-- read out
WITH "3 big" AS (SELECT "sales"."ID", "sales"."SHOP", "sales"."AMOUNT", "sales"."STATUS" FROM (SELECT "sales"."ID", "sales"."SHOP", "sales"."AMOUNT", "sales"."STATUS" FROM "S"."SALES" "sales") "sales" WHERE "sales"."AMOUNT" > 10 AND "sales"."SHOP" IS NOT NULL) SELECT CAST("big"."ID" AS NUMBER(19)) AS "ID", CAST("big"."SHOP" AS NUMBER(10)) AS "SHOP", CAST("big"."AMOUNT" AS NUMBER(12, 2)) AS "AMOUNT", "big"."STATUS" AS "STATUS", "shops"."REGION" AS "REGION" FROM "3 big" "big" LEFT JOIN (SELECT "shops"."SHOP", "shops"."REGION" FROM "S"."SHOPS" "shops") "shops" ON "big"."SHOP" = "shops"."SHOP"
