-- INSERT
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock", "batch": 0};
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
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock", "batch": 0};
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
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock", "batch": 0};
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

-- UPSERT from a query
SET spark.databricks.delta.commitInfo.userMetadata={"marker": "penstock_markers", "run": "0190", "node": "o'clock", "batch": 0};
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
