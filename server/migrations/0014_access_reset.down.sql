ALTER TABLE users DROP COLUMN "firstVerifiedAt", DROP COLUMN "accessResetAt";
