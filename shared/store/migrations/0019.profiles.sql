-- Profiles that nobody asked for are requests of a kind of their own: they wait behind the checks.
DROP INDEX requests_checks;
CREATE INDEX requests_checks ON requests (namespace, (args ->> 'dataset')) WHERE kind IN ('check', 'profile') AND state IN ('PENDING', 'RUNNING');
