-- not_null
SELECT COUNT(*) AS `checked`, COUNT(CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin) AS `present` FROM `this`

-- not_null rows
SELECT `this`.* FROM `this` WHERE CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL

-- not_null_where
SELECT COUNT(CASE WHEN (`this`.`id` DIV 2 > 1) THEN 1 END) AS `checked`, COUNT(CASE WHEN (`this`.`id` DIV 2 > 1) THEN CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin END) AS `present` FROM `this`

-- not_null_where rows
SELECT `this`.* FROM `this` WHERE (`this`.`id` DIV 2 > 1) AND CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL

-- unique
WITH `grouped` AS (SELECT COUNT(*) AS `combinations`, COALESCE(SUM(`repeated`.`n`), 0) AS `failing` FROM (SELECT COUNT(*) AS `n` FROM `this` WHERE NOT `this`.`id` IS NULL GROUP BY `this`.`id` HAVING COUNT(*) > 1) AS `repeated`) SELECT COUNT(*) AS `checked`, (SELECT `grouped`.`combinations` FROM `grouped`) AS `combinations`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- unique rows
SELECT `this`.* FROM `this` JOIN (SELECT `this`.`id` AS `k0`, COUNT(*) AS `n` FROM `this` WHERE NOT `this`.`id` IS NULL GROUP BY `this`.`id` HAVING COUNT(*) > 1) AS `repeated` ON `this`.`id` = `repeated`.`k0` ORDER BY CASE WHEN `this`.`id` IS NULL THEN 1 ELSE 0 END ASC, `this`.`id`

-- unique_text
WITH `grouped` AS (SELECT COUNT(*) AS `combinations`, COALESCE(SUM(`repeated`.`n`), 0) AS `failing` FROM (SELECT COUNT(*) AS `n` FROM `this` WHERE NOT CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL GROUP BY CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin HAVING COUNT(*) > 1) AS `repeated`) SELECT COUNT(*) AS `checked`, (SELECT `grouped`.`combinations` FROM `grouped`) AS `combinations`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- unique_text rows
SELECT `this`.* FROM `this` JOIN (SELECT CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin AS `k0`, COUNT(*) AS `n` FROM `this` WHERE NOT CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL GROUP BY CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin HAVING COUNT(*) > 1) AS `repeated` ON CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin = CONVERT(`repeated`.`k0` USING utf8mb4) COLLATE utf8mb4_0900_bin ORDER BY CASE WHEN CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL THEN 1 ELSE 0 END ASC, CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin

-- unique_nulls_equal
WITH `grouped` AS (SELECT COUNT(*) AS `combinations`, COALESCE(SUM(`repeated`.`n`), 0) AS `failing` FROM (SELECT COUNT(*) AS `n` FROM `this` GROUP BY `this`.`id`, `this`.`big` HAVING COUNT(*) > 1) AS `repeated`) SELECT COUNT(*) AS `checked`, (SELECT `grouped`.`combinations` FROM `grouped`) AS `combinations`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- unique_nulls_equal rows
SELECT `this`.* FROM `this` JOIN (SELECT `this`.`id` AS `k0`, `this`.`big` AS `k1`, COUNT(*) AS `n` FROM `this` GROUP BY `this`.`id`, `this`.`big` HAVING COUNT(*) > 1) AS `repeated` ON `this`.`id` <=> `repeated`.`k0` AND `this`.`big` <=> `repeated`.`k1` ORDER BY CASE WHEN `this`.`id` IS NULL THEN 1 ELSE 0 END ASC, `this`.`id`, CASE WHEN `this`.`big` IS NULL THEN 1 ELSE 0 END ASC, `this`.`big`

-- unique_destination
WITH `grouped_sizes` AS (SELECT `this`.`id` AS `k0`, COUNT(*) AS `n` FROM `this` WHERE NOT `this`.`id` IS NULL GROUP BY `this`.`id`), `grouped` AS (SELECT COUNT(*) AS `combinations`, COALESCE(SUM(`repeated`.`n`), 0) AS `failing` FROM (SELECT `grouped_sizes`.`n` AS `n` FROM `grouped_sizes` WHERE `grouped_sizes`.`n` > 1 UNION ALL SELECT `grouped_sizes`.`n` AS `n` FROM `grouped_sizes` WHERE EXISTS(SELECT 1 FROM `r.destination` WHERE `r.destination`.`id` = `grouped_sizes`.`k0`) AND `grouped_sizes`.`n` = 1) AS `repeated`) SELECT COUNT(*) AS `checked`, (SELECT `grouped`.`combinations` FROM `grouped`) AS `combinations`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- unique_destination rows
SELECT `this`.* FROM `this` JOIN (SELECT `sizes`.`k0` AS `k0` FROM (SELECT `this`.`id` AS `k0`, COUNT(*) AS `n` FROM `this` WHERE NOT `this`.`id` IS NULL GROUP BY `this`.`id`) AS `sizes` WHERE `sizes`.`n` > 1 UNION ALL SELECT `sizes`.`k0` AS `k0` FROM (SELECT `this`.`id` AS `k0`, COUNT(*) AS `n` FROM `this` WHERE NOT `this`.`id` IS NULL GROUP BY `this`.`id`) AS `sizes` WHERE EXISTS(SELECT 1 FROM `r.destination` WHERE `r.destination`.`id` = `sizes`.`k0`) AND `sizes`.`n` = 1) AS `repeated` ON `this`.`id` = `repeated`.`k0` ORDER BY CASE WHEN `this`.`id` IS NULL THEN 1 ELSE 0 END ASC, `this`.`id`

-- range_whole
SELECT COUNT(`this`.`id`) AS `checked`, COUNT(CASE WHEN (`this`.`id` < 0 OR `this`.`id` > 9) THEN 1 END) AS `failing`, MIN(`this`.`id`) AS `least`, MAX(`this`.`id`) AS `greatest` FROM `this`

-- range_whole rows
SELECT `this`.* FROM `this` WHERE (`this`.`id` < 0 OR `this`.`id` > 9)

-- range_decimal
SELECT COUNT(`this`.`amount`) AS `checked`, COUNT(CASE WHEN (`this`.`amount` <= 0.01) THEN 1 END) AS `failing`, MIN(`this`.`amount`) AS `least`, MAX(`this`.`amount`) AS `greatest` FROM `this`

-- range_decimal rows
SELECT `this`.* FROM `this` WHERE (`this`.`amount` <= 0.01)

-- range_double
SELECT COUNT(`this`.`weight`) AS `checked`, COUNT(CASE WHEN (-`this`.`weight` > 0) THEN 1 END) AS `failing`, MIN(`this`.`weight`) AS `least`, MAX(`this`.`weight`) AS `greatest` FROM `this`

-- range_double rows
SELECT `this`.* FROM `this` WHERE (-`this`.`weight` > 0)

-- range_date
SELECT COUNT(`this`.`day`) AS `checked`, COUNT(CASE WHEN (`this`.`day` < CAST('1969-12-31' AS DATE) OR `this`.`day` > CAST('2024-03-01' AS DATE)) THEN 1 END) AS `failing`, MIN(`this`.`day`) AS `least`, MAX(`this`.`day`) AS `greatest` FROM `this`

-- range_date rows
SELECT `this`.* FROM `this` WHERE (`this`.`day` < CAST('1969-12-31' AS DATE) OR `this`.`day` > CAST('2024-03-01' AS DATE))

-- range_timestamp
SELECT COUNT(`this`.`at`) AS `checked`, COUNT(CASE WHEN (`this`.`at` > CAST('2024-03-01 08:00:00' AS DATETIME(6))) THEN 1 END) AS `failing`, MIN(`this`.`at`) AS `least`, MAX(`this`.`at`) AS `greatest` FROM `this`

-- range_timestamp rows
SELECT `this`.* FROM `this` WHERE (`this`.`at` > CAST('2024-03-01 08:00:00' AS DATETIME(6)))

-- range_text
stays: CAST("this"."name" AS DOUBLE PRECISION) stays here: try cast of text and float is not trusted in MySQL

-- range_text rows
stays: CAST("this"."name" AS DOUBLE PRECISION) stays here: try cast of text and float is not trusted in MySQL

-- regex
stays: "this"."name" ~ '^(?:[A-Z]{2}[0-9]+)$' stays here: regexplike of text is not trusted in MySQL

-- regex rows
stays: "this"."name" ~ '^(?:[A-Z]{2}[0-9]+)$' stays here: regexplike of text is not trusted in MySQL

-- regex_pesel
stays: "this"."name" ~ '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(… stays here: regexplike of text is not trusted in MySQL

-- regex_pesel rows
stays: "this"."name" ~ '^(?:[0-9]{2}([02468][1-9]|[13579][0-2])(… stays here: regexplike of text is not trusted in MySQL

-- referential
WITH `grouped` AS (SELECT COUNT(*) AS `failing` FROM `this` WHERE NOT `this`.`id` IS NULL AND NOT EXISTS(SELECT 1 FROM `r.references` WHERE `r.references`.`id` = `this`.`id`)) SELECT COUNT(`this`.`id`) AS `checked`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- referential rows
SELECT `this`.* FROM `this` WHERE NOT `this`.`id` IS NULL AND NOT EXISTS(SELECT 1 FROM `r.references` WHERE `r.references`.`id` = `this`.`id`)

-- referential_pair
WITH `grouped` AS (SELECT COUNT(*) AS `failing` FROM `this` WHERE (NOT `this`.`id` IS NULL AND NOT `this`.`big` IS NULL) AND NOT EXISTS(SELECT 1 FROM `r.references` WHERE `r.references`.`a` = `this`.`id` AND `r.references`.`b` = `this`.`big`)) SELECT COUNT(CASE WHEN NOT `this`.`id` IS NULL AND NOT `this`.`big` IS NULL THEN 1 END) AS `checked`, (SELECT `grouped`.`failing` FROM `grouped`) AS `failing` FROM `this`

-- referential_pair rows
SELECT `this`.* FROM `this` WHERE (NOT `this`.`id` IS NULL AND NOT `this`.`big` IS NULL) AND NOT EXISTS(SELECT 1 FROM `r.references` WHERE `r.references`.`a` = `this`.`id` AND `r.references`.`b` = `this`.`big`)

-- custom_sql
WITH `grouped` AS (SELECT COUNT(*) AS `returned` FROM (SELECT `this`.`id` AS `id` FROM (SELECT `this`.`id`, `this`.`amount` FROM `this` WHERE (`this`.`id` > 0)) AS `this` WHERE `this`.`amount` > 5) AS `returned`) SELECT COUNT(CASE WHEN (`this`.`id` > 0) THEN 1 END) AS `checked`, (SELECT `grouped`.`returned` FROM `grouped`) AS `returned` FROM `this`

-- custom_sql rows
SELECT `returned`.* FROM (SELECT `this`.`id` AS `id` FROM (SELECT `this`.`id`, `this`.`amount` FROM `this` WHERE (`this`.`id` > 0)) AS `this` WHERE `this`.`amount` > 5) AS `returned`

-- custom_sql_groups
WITH `grouped` AS (SELECT COUNT(*) AS `returned` FROM (SELECT `this`.`big` AS `big`, COUNT(*) AS `n` FROM (SELECT `this`.`big` FROM `this`) AS `this` GROUP BY `this`.`big` HAVING COUNT(*) > 5) AS `returned`) SELECT COUNT(*) AS `checked`, (SELECT `grouped`.`returned` FROM `grouped`) AS `returned` FROM `this`

-- custom_sql_groups rows
SELECT `returned`.* FROM (SELECT `this`.`big` AS `big`, COUNT(*) AS `n` FROM (SELECT `this`.`big` FROM `this`) AS `this` GROUP BY `this`.`big` HAVING COUNT(*) > 5) AS `returned`

-- completeness
SELECT COUNT(*) AS `checked`, COUNT(`this`.`id`) AS `filled` FROM `this`

-- completeness rows
SELECT `this`.* FROM `this` WHERE (`this`.`id` IS NULL)

-- completeness_blank
SELECT COUNT(*) AS `checked`, COUNT(CASE WHEN (NOT CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL AND NOT CONVERT(`this`.`email` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL) AND CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin <> '' AND CONVERT(`this`.`email` USING utf8mb4) COLLATE utf8mb4_0900_bin <> '' THEN 1 END) AS `filled` FROM `this`

-- completeness_blank rows
SELECT `this`.* FROM `this` WHERE (CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL OR CONVERT(`this`.`email` USING utf8mb4) COLLATE utf8mb4_0900_bin IS NULL OR CONVERT(`this`.`name` USING utf8mb4) COLLATE utf8mb4_0900_bin = '' OR CONVERT(`this`.`email` USING utf8mb4) COLLATE utf8mb4_0900_bin = '')

-- consistency
SELECT COUNT(*) AS `checked`, COUNT(CASE WHEN (NOT (`this`.`id` < `this`.`big` OR `this`.`amount` > 3)) THEN 1 END) AS `failing` FROM `this`

-- consistency rows
SELECT `this`.* FROM `this` WHERE (NOT (`this`.`id` < `this`.`big` OR `this`.`amount` > 3))

-- consistency_null
SELECT COUNT(*) AS `checked`, COUNT(CASE WHEN (NOT (`this`.`id` < `this`.`big`) OR (`this`.`id` < `this`.`big`) IS NULL) THEN 1 END) AS `failing` FROM `this`

-- consistency_null rows
SELECT `this`.* FROM `this` WHERE (NOT (`this`.`id` < `this`.`big`) OR (`this`.`id` < `this`.`big`) IS NULL)

-- consistency_division
SELECT COUNT(*) AS `checked`, COUNT(CASE WHEN (NOT (`this`.`id` DIV NULLIF(`this`.`big`, 0) > 3) OR NOT (CASE WHEN (`this`.`big`) = 0 THEN 'expression: division by zero' END) IS NULL) THEN 1 END) AS `failing` FROM `this`

-- consistency_division rows
SELECT `this`.* FROM `this` WHERE (NOT (`this`.`id` DIV NULLIF(`this`.`big`, 0) > 3) OR NOT (CASE WHEN (`this`.`big`) = 0 THEN 'expression: division by zero' END) IS NULL)

-- freshness_date
SELECT COUNT(CASE WHEN `this`.`day` > CAST('2024-02-29' AS DATE) THEN 1 END) AS `fresh`, MAX(`this`.`day`) AS `newest` FROM `this`

-- freshness_timestamp
SELECT COUNT(CASE WHEN `this`.`at` >= CAST('2024-02-29 00:00:00' AS DATETIME(6)) THEN 1 END) AS `fresh`, MAX(`this`.`at`) AS `newest` FROM `this`

-- freshness_moment
stays: CAST('2024-02-29 12:00:00+00:00' AS TIMESTAMPTZ) stays here: literal of a day of timestamptz is not trusted in MySQL

-- row_count
SELECT COUNT(*) AS `rows` FROM `this`

-- row_count_equals
WITH `grouped` AS (SELECT COUNT(*) AS `rows` FROM `r.equals`) SELECT COUNT(CASE WHEN (`this`.`id` > 1) THEN 1 END) AS `rows`, (SELECT `grouped`.`rows` FROM `grouped`) AS `wanted` FROM `this`

-- anomaly_mean
SELECT (CAST(SUM(`this`.`amount`) AS DOUBLE) / CAST(COUNT(`this`.`amount`) AS DOUBLE)) AS `value` FROM `this`

-- anomaly_sum
SELECT SUM(CAST(`this`.`big` AS DECIMAL(38, 0))) AS `value` FROM `this`

-- anomaly_expression
SELECT (SUM(CASE WHEN (`this`.`id` > 1) THEN `this`.`id` END) DIV NULLIF(COUNT(CASE WHEN (`this`.`id` > 1) THEN 1 END), 0)) AS `value` FROM `this`
