-- Notifications that the server makes from its own events. Of another back end's rows the new columns stay as they are here.

-- The event that it tells of, last of several; null where another back end wrote it, in words of its own.
ALTER TABLE notifications ADD COLUMN "eventName" text;
ALTER TABLE notifications ADD COLUMN "eventId" text;
-- Under which preferences it comes.
ALTER TABLE notifications ADD COLUMN kind text;
-- What it is about: ids only. What that is called is looked up for the reader, with the reader's rights.
ALTER TABLE notifications ADD COLUMN "subjectType" text;
ALTER TABLE notifications ADD COLUMN "subjectId" text;
ALTER TABLE notifications ADD COLUMN "senderId" text REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE;
-- How many things it tells of.
ALTER TABLE notifications ADD COLUMN times integer NOT NULL DEFAULT 1;
-- False: it is there to be sent by mail only.
ALTER TABLE notifications ADD COLUMN "inApp" boolean NOT NULL DEFAULT true;
ALTER TABLE notifications ADD COLUMN "mailedAt" timestamptz;

-- Once for each event and person.
CREATE UNIQUE INDEX "notifications_tenantId_userId_eventId_key" ON notifications ("tenantId", "userId", "eventId");
-- However many messages of a conversation are unread, one tells of them.
CREATE UNIQUE INDEX notifications_unread_messages_key ON notifications ("tenantId", "userId", "subjectId") WHERE kind = 'message' AND NOT read;
CREATE INDEX "notifications_tenantId_userId_unread_idx" ON notifications ("tenantId", "userId") WHERE NOT read;
CREATE INDEX "notifications_createdAt_idx" ON notifications ("createdAt");
CREATE INDEX "notifications_senderId_idx" ON notifications ("senderId");

-- What somebody wants to hear of, and where; what is not said comes as usual.
CREATE TABLE notification_preferences (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  kind text NOT NULL,
  channel text NOT NULL,
  CONSTRAINT notification_preferences_pkey PRIMARY KEY ("tenantId", "userId", kind),
  CONSTRAINT notification_preferences_channel_check CHECK (channel IN ('in_app', 'mail', 'both', 'off')),
  -- Leaving the tenant ends them.
  CONSTRAINT "notification_preferences_userId_fkey" FOREIGN KEY ("tenantId", "userId")
    REFERENCES memberships ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE
);

-- Whoever comes back to a tenant does not find what was told before.
CREATE FUNCTION leave_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM notifications WHERE "tenantId" = OLD."tenantId" AND "userId" = OLD."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER memberships_notifications_left AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION leave_notifications();

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION leave_notifications() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION leave_notifications() FROM PUBLIC;
END
$$;
