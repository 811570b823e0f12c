-- INSERT
INSERT INTO [sales].[The Orders] (
  [id],
  [from],
  [n]
)
SELECT
  [id],
  [from],
  [n]
FROM [#penstock_staged];
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch]
)
SELECT
  '0190',
  'o''clock',
  0

-- UPSERT
MERGE INTO [sales].[The Orders] WITH (HOLDLOCK) AS [t]
USING (
  SELECT
    [id] AS [id],
    [from] AS [from],
    [n] AS [n]
  FROM (
    SELECT
      [id] AS [id],
      [from] AS [from],
      [n] AS [n],
      ROW_NUMBER() OVER (PARTITION BY [id], [from] ORDER BY [n] DESC, [penstock_ordinal] DESC) AS [penstock_rank]
    FROM [#penstock_staged]
  ) AS [numbered]
  WHERE
    [penstock_rank] = 1
) AS [s]
ON (
  [t].[id] = [s].[id] AND [t].[from] = [s].[from]
)
WHEN MATCHED THEN UPDATE SET
  [n] = [s].[n]
WHEN NOT MATCHED THEN INSERT ([id], [from], [n]) VALUES ([s].[id], [s].[from], [s].[n]);;
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch]
)
SELECT
  '0190',
  'o''clock',
  0

-- OVERWRITE
DELETE FROM [sales].[The Orders];
INSERT INTO [sales].[The Orders] (
  [id],
  [from],
  [n]
)
SELECT
  [id],
  [from],
  [n]
FROM [#penstock_staged];
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch]
)
SELECT
  '0190',
  'o''clock',
  0

-- UPSERT from a query
MERGE INTO [sales].[The Orders] WITH (HOLDLOCK) AS [t]
USING (
  SELECT
    [id] AS [id],
    [from] AS [from],
    [n] AS [n]
  FROM (
    SELECT
      [id] AS [id],
      [from] AS [from],
      [n] AS [n],
      ROW_NUMBER() OVER (PARTITION BY [id], [from] ORDER BY [n] DESC) AS [penstock_rank]
    FROM (
      SELECT
        *
      FROM latest
    ) AS [r]
  ) AS [numbered]
  WHERE
    [penstock_rank] = 1
) AS [s]
ON (
  [t].[id] = [s].[id] AND [t].[from] = [s].[from]
)
WHEN MATCHED THEN UPDATE SET
  [n] = [s].[n]
WHEN NOT MATCHED THEN INSERT ([id], [from], [n]) VALUES ([s].[id], [s].[from], [s].[n]);;
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch]
)
SELECT
  '0190',
  'o''clock',
  0
