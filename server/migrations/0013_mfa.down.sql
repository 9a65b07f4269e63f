-- Second factors are lost: everybody signs in with the password alone, and enrols again after the way up.

DROP TABLE mfa_challenges, recovery_codes, mfa_factors;
ALTER TABLE throttles DROP COLUMN locks;
ALTER TABLE roles DROP COLUMN "mfaRequiredSince";
ALTER TABLE sessions DROP COLUMN amr;
