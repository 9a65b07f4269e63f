-- What delivery needs to know of a mail, beside what is kept of it.

ALTER TABLE mails
  ADD COLUMN "recipientNames" text[] NOT NULL DEFAULT '{}',
  -- After this moment a mail is not sent any more: what it brings has died.
  ADD COLUMN "expiresAt" timestamptz;
COMMENT ON COLUMN mails.sealed IS
  'The whole content, encrypted, of a mail that carries a live secret, until it is sent; html and text lack the secret.';
