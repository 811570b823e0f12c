-- INSERT
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
INSERT INTO `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM `penstock_staged`

-- UPSERT
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`,
    `n`
  FROM (
    SELECT
      `id`,
      `from`,
      `n`,
      ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `n` DESC, `penstock_ordinal` DESC) AS `penstock_rank`
    FROM `penstock_staged`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN MATCHED THEN UPDATE SET
  `n` = `s`.`n`
WHEN NOT MATCHED THEN INSERT (`id`, `from`, `n`) VALUES (`s`.`id`, `s`.`from`, `s`.`n`)

-- OVERWRITE
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
INSERT OVERWRITE TABLE `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM `penstock_staged`

-- UPSERT of keys only
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`
  FROM (
    SELECT
      `id`,
      `from`,
      ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `penstock_ordinal` DESC) AS `penstock_rank`
    FROM `penstock_staged`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN NOT MATCHED THEN INSERT (`id`, `from`) VALUES (`s`.`id`, `s`.`from`)

-- UPSERT, the smallest wins
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`,
    `n`,
    `m`
  FROM (
    SELECT
      `id`,
      `from`,
      `n`,
      `m`,
      ROW_NUMBER() OVER (
        PARTITION BY `id`, `from`
        ORDER BY `n` ASC NULLS LAST, `m` DESC, `penstock_ordinal` DESC
      ) AS `penstock_rank`
    FROM `penstock_staged`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN MATCHED THEN UPDATE SET
  `n` = `s`.`n`,
  `m` = `s`.`m`
WHEN NOT MATCHED THEN INSERT (`id`, `from`, `n`, `m`) VALUES (`s`.`id`, `s`.`from`, `s`.`n`, `s`.`m`)

-- UPSERT from a query of keys only
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`
  FROM (
    SELECT
      `id`,
      `from`,
      ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `id` DESC, `from` DESC) AS `penstock_rank`
    FROM (
      SELECT
        *
      FROM latest
    ) AS `r`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN NOT MATCHED THEN INSERT (`id`, `from`) VALUES (`s`.`id`, `s`.`from`)

-- UPSERT from a query
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`,
    `n`
  FROM (
    SELECT
      `id`,
      `from`,
      `n`,
      ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `n` DESC) AS `penstock_rank`
    FROM (
      SELECT
        *
      FROM latest
    ) AS `r`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN MATCHED THEN UPDATE SET
  `n` = `s`.`n`
WHEN NOT MATCHED THEN INSERT (`id`, `from`, `n`) VALUES (`s`.`id`, `s`.`from`, `s`.`n`)

-- UPSERT from a query in no order
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
MERGE INTO `sales`.`The Orders` AS `t`
USING (
  SELECT
    `id`,
    `from`,
    `n`
  FROM (
    SELECT
      `id`,
      `from`,
      `n`,
      ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `n` DESC) AS `penstock_rank`
    FROM (
      SELECT
        *
      FROM latest
    ) AS `r`
  ) AS `numbered`
  WHERE
    `penstock_rank` = 1
) AS `s`
ON (
  `t`.`id` = `s`.`id` AND `t`.`from` = `s`.`from`
)
WHEN MATCHED THEN UPDATE SET
  `n` = `s`.`n`
WHEN NOT MATCHED THEN INSERT (`id`, `from`, `n`) VALUES (`s`.`id`, `s`.`from`, `s`.`n`)

-- INSERT from a query
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
INSERT INTO `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM (
  SELECT
    *
  FROM latest
) AS `r`

-- INSERT of a second sink
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock \"", "batch": 0, "at": "2026-03-29"};
INSERT INTO `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM `penstock_staged_2`
