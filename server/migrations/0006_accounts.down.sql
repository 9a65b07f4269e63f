ALTER TABLE throttles DROP COLUMN pending, DROP COLUMN "pendingSince";
DROP TABLE avatars;
ALTER TABLE users DROP COLUMN "homeTenantId";
ALTER TABLE sessions ADD COLUMN "accessTtl" integer NOT NULL DEFAULT 900, ALTER COLUMN rotations SET DEFAULT '[]';
ALTER TABLE sessions ALTER COLUMN "accessTtl" DROP DEFAULT;
