DROP TRIGGER decided_once ON treasury_issuance;
DROP TRIGGER never_emptied ON treasury_issuance;
DROP FUNCTION treasury_decided_once();
DROP FUNCTION treasury_next_homes(bigint, timestamptz, integer);
DROP FUNCTION treasury_older(bigint[], timestamptz[], boolean);
