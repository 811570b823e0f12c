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
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT
MERGE INTO [sales].[The Orders] AS [t]
USING (
  SELECT DISTINCT
    [m].[id] AS [id],
    [m].[from] AS [from],
    [m].[n] AS [n]
  FROM [#penstock_staged] AS [m]
  WHERE
    NOT EXISTS(
      SELECT
        1
      FROM [#penstock_staged] AS [o]
      WHERE
        (
          [o].[id] = [m].[id] AND [o].[from] = [m].[from]
        )
        AND (
          (
            [o].[n] > [m].[n] OR (
              [m].[n] IS NULL AND NOT [o].[n] IS NULL
            )
          )
          OR (
            (
              [m].[n] = [o].[n] OR (
                [m].[n] IS NULL AND [o].[n] IS NULL
              )
            )
            AND (
              [o].[penstock_ordinal] > [m].[penstock_ordinal]
            )
          )
        )
    )
) AS [s]
ON (
  [t].[id] = [s].[id] AND [t].[from] = [s].[from]
)
WHEN MATCHED THEN UPDATE SET
  [n] = [s].[n]
WHEN NOT MATCHED THEN INSERT ([id], [from], [n]) VALUES ([s].[id], [s].[from], [s].[n]);
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

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
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT of keys only
MERGE INTO [sales].[The Orders] AS [t]
USING (
  SELECT DISTINCT
    [m].[id] AS [id],
    [m].[from] AS [from]
  FROM [#penstock_staged] AS [m]
  WHERE
    NOT EXISTS(
      SELECT
        1
      FROM [#penstock_staged] AS [o]
      WHERE
        (
          [o].[id] = [m].[id] AND [o].[from] = [m].[from]
        )
        AND (
          [o].[penstock_ordinal] > [m].[penstock_ordinal]
        )
    )
) AS [s]
ON (
  [t].[id] = [s].[id] AND [t].[from] = [s].[from]
)
WHEN NOT MATCHED THEN INSERT ([id], [from]) VALUES ([s].[id], [s].[from]);
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- UPSERT, the smallest wins
MERGE INTO [sales].[The Orders] AS [t]
USING (
  SELECT DISTINCT
    [m].[id] AS [id],
    [m].[from] AS [from],
    [m].[n] AS [n],
    [m].[m] AS [m]
  FROM [#penstock_staged] AS [m]
  WHERE
    NOT EXISTS(
      SELECT
        1
      FROM [#penstock_staged] AS [o]
      WHERE
        (
          [o].[id] = [m].[id] AND [o].[from] = [m].[from]
        )
        AND (
          (
            [o].[n] < [m].[n] OR (
              [m].[n] IS NULL AND NOT [o].[n] IS NULL
            )
          )
          OR (
            (
              [m].[n] = [o].[n] OR (
                [m].[n] IS NULL AND [o].[n] IS NULL
              )
            )
            AND (
              (
                [o].[m] > [m].[m] OR (
                  [m].[m] IS NULL AND NOT [o].[m] IS NULL
                )
              )
              OR (
                (
                  [m].[m] = [o].[m] OR (
                    [m].[m] IS NULL AND [o].[m] IS NULL
                  )
                )
                AND (
                  [o].[penstock_ordinal] > [m].[penstock_ordinal]
                )
              )
            )
          )
        )
    )
) AS [s]
ON (
  [t].[id] = [s].[id] AND [t].[from] = [s].[from]
)
WHEN MATCHED THEN UPDATE SET
  [n] = [s].[n],
  [m] = [s].[m]
WHEN NOT MATCHED THEN INSERT ([id], [from], [n], [m]) VALUES ([s].[id], [s].[from], [s].[n], [s].[m]);
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- INSERT from a query
INSERT INTO [sales].[The Orders] (
  [id],
  [from],
  [n]
)
SELECT
  [id],
  [from],
  [n]
FROM (
  SELECT
    *
  FROM latest
) AS [r];
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)

-- INSERT of a second sink
INSERT INTO [sales].[The Orders] (
  [id],
  [from],
  [n]
)
SELECT
  [id],
  [from],
  [n]
FROM [penstock_staged_2];
INSERT INTO [penstock_markers] (
  [run],
  [node],
  [batch],
  [at]
)
SELECT
  '0190',
  'o''clock "',
  0,
  CAST('2026-03-29' AS DATE)
