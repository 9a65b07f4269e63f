-- When everything that had been given for an account was taken back: links in mails, personal access tokens, signings-in under way.
ALTER TABLE users ADD COLUMN "accessResetAt" timestamptz;

-- When an address of the account was confirmed for the first time: until then nobody has shown that it is theirs.
ALTER TABLE users ADD COLUMN "firstVerifiedAt" timestamptz;
UPDATE users SET "firstVerifiedAt" = "emailVerifiedAt" WHERE "emailVerifiedAt" IS NOT NULL;
