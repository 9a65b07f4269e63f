-- Sessions that an admin opened in somebody's name: they carry who, and end with that admin.
ALTER TABLE sessions
  ADD COLUMN "impersonatorId" text REFERENCES admins (id) ON DELETE CASCADE ON UPDATE CASCADE,
  ADD COLUMN reason text,
  ADD CONSTRAINT sessions_impersonator_check CHECK ("impersonatorId" IS NULL OR (realm = 'user' AND reason IS NOT NULL));
CREATE INDEX "sessions_impersonatorId_idx" ON sessions ("impersonatorId", "createdAt") WHERE "impersonatorId" IS NOT NULL;
