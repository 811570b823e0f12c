-- INSERT
INSERT INTO `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM `penstock_staged`;
INSERT INTO `penstock_markers` (
  `run`,
  `node`,
  `batch`
)
SELECT
  '0190',
  'o''clock',
  0

-- UPSERT
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
    `id`,
    `from`,
    `n`,
    ROW_NUMBER() OVER (PARTITION BY `id`, `from` ORDER BY `n` DESC, `penstock_ordinal` DESC) AS `penstock_rank`
  FROM `penstock_staged`
) AS `numbered`
WHERE
  `penstock_rank` = 1 ON DUPLICATE KEY UPDATE `n` = VALUES(`n`);
INSERT INTO `penstock_markers` (
  `run`,
  `node`,
  `batch`
)
SELECT
  '0190',
  'o''clock',
  0

-- OVERWRITE
DELETE FROM `sales`.`The Orders`;
INSERT INTO `sales`.`The Orders` (
  `id`,
  `from`,
  `n`
)
SELECT
  `id`,
  `from`,
  `n`
FROM `penstock_staged`;
INSERT INTO `penstock_markers` (
  `run`,
  `node`,
  `batch`
)
SELECT
  '0190',
  'o''clock',
  0

-- UPSERT from a query
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
  `penstock_rank` = 1 ON DUPLICATE KEY UPDATE `n` = VALUES(`n`);
INSERT INTO `penstock_markers` (
  `run`,
  `node`,
  `batch`
)
SELECT
  '0190',
  'o''clock',
  0
