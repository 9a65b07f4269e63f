-- When everything that had been given for an account was taken back: links in mails, personal access tokens, signings-in under way.
ALTER TABLE users ADD COLUMN "accessResetAt" timestamptz;
