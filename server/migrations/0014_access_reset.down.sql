ALTER TABLE users DROP COLUMN "accessResetAt";
