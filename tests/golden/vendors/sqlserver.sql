-- inside
SELECT [big].[SHOP], CAST(COUNT_BIG(*) AS BIGINT) AS [N], SUM([big].[AMOUNT]) AS [TOTAL], COUNT_BIG(*) AS [__rows] FROM (SELECT [sales].[SHOP] AS [SHOP], [sales].[AMOUNT] AS [AMOUNT] FROM (SELECT [sales].[SHOP] AS [SHOP], [sales].[AMOUNT] AS [AMOUNT] FROM [S].[SALES] AS [sales]) AS [sales] WHERE [sales].[AMOUNT] > 10 AND [sales].[SHOP] IS NOT NULL) AS [big] GROUP BY [big].[SHOP]
;
SELECT * INTO [#penstock_staged] FROM (SELECT [SHOP], [N], [TOTAL], CAST(0 AS BIGINT) AS [penstock_ordinal] FROM [TOTALS] WHERE 1 = 0 UNION ALL SELECT [SHOP], [N], [TOTAL], CAST(0 AS BIGINT) AS [penstock_ordinal] FROM [TOTALS] WHERE 1 = 0) AS [q]
;
INSERT INTO [#penstock_staged] ([SHOP], [N], [TOTAL], [penstock_ordinal]) SELECT [q].[SHOP], [q].[N], [q].[TOTAL], 0 FROM (SELECT [totals].[SHOP], [totals].[N], [totals].[TOTAL] FROM [#3 totals] AS [totals]) AS [q]
;
MERGE INTO [TOTALS] WITH (HOLDLOCK) AS [t]
USING (
  SELECT
    [SHOP] AS [SHOP],
    [N] AS [N],
    [TOTAL] AS [TOTAL]
  FROM (
    SELECT
      [SHOP] AS [SHOP],
      [N] AS [N],
      [TOTAL] AS [TOTAL],
      ROW_NUMBER() OVER (PARTITION BY [SHOP] ORDER BY [N] DESC, [TOTAL] DESC, [penstock_ordinal] DESC) AS [penstock_rank]
    FROM [#penstock_staged]
  ) AS [numbered]
  WHERE
    [penstock_rank] = 1
) AS [s]
ON (
  [t].[SHOP] = [s].[SHOP]
)
WHEN MATCHED THEN UPDATE SET
  [N] = [s].[N],
  [TOTAL] = [s].[TOTAL]
WHEN NOT MATCHED THEN INSERT ([SHOP], [N], [TOTAL]) VALUES ([s].[SHOP], [s].[N], [s].[TOTAL]);

-- read out
WITH [3 big] AS (SELECT [sales].[ID] AS [ID], [sales].[SHOP] AS [SHOP], [sales].[AMOUNT] AS [AMOUNT], [sales].[STATUS] AS [STATUS] FROM (SELECT [sales].[ID] AS [ID], [sales].[SHOP] AS [SHOP], [sales].[AMOUNT] AS [AMOUNT], [sales].[STATUS] AS [STATUS] FROM [S].[SALES] AS [sales]) AS [sales] WHERE [sales].[AMOUNT] > 10 AND [sales].[SHOP] IS NOT NULL) SELECT CAST([big].[ID] AS BIGINT) AS [ID], CAST([big].[SHOP] AS INTEGER) AS [SHOP], CAST([big].[AMOUNT] AS NUMERIC(12, 2)) AS [AMOUNT], [big].[STATUS] AS [STATUS], [shops].[REGION] AS [REGION] FROM [3 big] AS [big] LEFT JOIN (SELECT [shops].[SHOP] AS [SHOP], [shops].[REGION] AS [REGION] FROM [S].[SHOPS] AS [shops]) AS [shops] ON [big].[SHOP] = [shops].[SHOP]
