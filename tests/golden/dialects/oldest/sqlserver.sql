-- distinct_from_numbers
SELECT [t].[id] AS [id] FROM [t] AS [t] WHERE CASE WHEN [t].[i] = 5 OR ([t].[i] IS NULL AND 5 IS NULL) THEN 0 ELSE 1 END = 1 AND (CASE WHEN [t].[p] = [t].[w] OR ([t].[p] IS NULL AND [t].[w] IS NULL) THEN 1 ELSE 0 END = 1 OR CASE WHEN [t].[id] = [t].[i] OR ([t].[id] IS NULL AND [t].[i] IS NULL) THEN 0 ELSE 1 END = 1)
