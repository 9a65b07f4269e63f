-- Messages: each has a number in its conversation. What is unread is what lies between the last number and the one that was read.

ALTER TABLE conversations ADD COLUMN "lastNumber" integer NOT NULL DEFAULT 0;
-- The two people of a private conversation, in order: one conversation for each pair.
ALTER TABLE conversations ADD COLUMN pair text;

-- Read up to this number; above it, so many are not unread: one's own, and those that were deleted. What came before
-- "fromNumber" was said before the person was there.
ALTER TABLE conversation_participants ADD COLUMN "readNumber" integer NOT NULL DEFAULT 0;
ALTER TABLE conversation_participants ADD COLUMN skipped integer NOT NULL DEFAULT 0;
ALTER TABLE conversation_participants ADD COLUMN "fromNumber" integer NOT NULL DEFAULT 0;

ALTER TABLE messages ADD COLUMN number integer NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN "replyToId" text REFERENCES messages (id) ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE messages ADD COLUMN "editedAt" timestamptz;
ALTER TABLE messages ADD COLUMN "deletedAt" timestamptz;

UPDATE messages SET number = placed.number
FROM (SELECT id, row_number() OVER (PARTITION BY "conversationId" ORDER BY "createdAt", id) AS number FROM messages) placed
WHERE placed.id = messages.id;
UPDATE conversations SET "lastNumber" = last.number
FROM (SELECT "conversationId", max(number) AS number FROM messages GROUP BY "conversationId") last
WHERE last."conversationId" = conversations.id;
UPDATE conversation_participants participant SET "readNumber" = GREATEST(conversation."lastNumber" - participant."unreadCount", 0)
FROM conversations conversation WHERE conversation.id = participant."conversationId";
-- Of several conversations of one pair the oldest is theirs; the others stay as they are.
UPDATE conversations SET pair = private.pair
FROM (
  SELECT DISTINCT ON (conversation."tenantId", people.pair) conversation.id, people.pair
  FROM conversations conversation
  JOIN (
    SELECT "conversationId", string_agg("userId", ' ' ORDER BY "userId" COLLATE "C") AS pair
    FROM conversation_participants GROUP BY "conversationId" HAVING count(*) = 2
  ) people ON people."conversationId" = conversation.id
  WHERE NOT conversation."isGroup"
  ORDER BY conversation."tenantId", people.pair, conversation."createdAt", conversation.id
) private
WHERE private.id = conversations.id;

CREATE UNIQUE INDEX "conversations_tenantId_pair_key" ON conversations ("tenantId", pair);
CREATE UNIQUE INDEX "messages_tenantId_conversationId_number_key" ON messages ("tenantId", "conversationId", number);
CREATE INDEX "messages_replyToId_idx" ON messages ("replyToId");
CREATE UNIQUE INDEX "messages_tenantId_id_key" ON messages ("tenantId", id);

-- Files that a message refers to. Who may read them is the files' own business.
CREATE TABLE message_attachments (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "messageId" text NOT NULL,
  "fileId" text NOT NULL,
  place integer NOT NULL,
  CONSTRAINT message_attachments_pkey PRIMARY KEY ("tenantId", "messageId", "fileId"),
  CONSTRAINT "message_attachments_messageId_fkey" FOREIGN KEY ("tenantId", "messageId") REFERENCES messages ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "message_attachments_fileId_fkey" FOREIGN KEY ("tenantId", "fileId") REFERENCES files ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "message_attachments_tenantId_fileId_idx" ON message_attachments ("tenantId", "fileId");

-- Whoever writes a message, this server or another back end, gets the next number: the row of the conversation is the lock of
-- its order. "unreadCount" is kept for the other back end, which counts what it writes itself.
CREATE FUNCTION number_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "isOurs" boolean := COALESCE(current_setting('app.tenant_id', true), '') <> '';
  -- The default is when the transaction began: later numbers would have earlier times.
  "isNew" boolean := "isOurs" AND NEW."createdAt" = (now() AT TIME ZONE 'UTC')::timestamp(3);
  last integer;
  told timestamp(3);
BEGIN
  UPDATE conversations SET "lastNumber" = "lastNumber" + 1,
    "updatedAt" = GREATEST("updatedAt", CASE WHEN "isNew" THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE NEW."createdAt" END)
  WHERE id = NEW."conversationId" RETURNING "lastNumber", "updatedAt" INTO last, told;
  -- Without a conversation the key that names it refuses the row.
  NEW.number := COALESCE(last, 0);
  IF "isNew" THEN
    NEW."createdAt" := COALESCE(told, NEW."createdAt");
  END IF;
  UPDATE conversation_participants SET
    "readNumber" = CASE WHEN last - 1 - "readNumber" - skipped <= 0 THEN last ELSE "readNumber" END,
    skipped = CASE WHEN last - 1 - "readNumber" - skipped <= 0 THEN 0 ELSE skipped + 1 END
  WHERE "conversationId" = NEW."conversationId" AND "userId" = NEW."senderId";
  IF "isOurs" THEN
    UPDATE conversation_participants SET "unreadCount" = last - "readNumber" - skipped
    WHERE "conversationId" = NEW."conversationId" AND "userId" <> NEW."senderId";
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER messages_numbered BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION number_message();

-- A message whose row is removed before somebody read it is not unread any more.
CREATE FUNCTION skip_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE conversation_participants reader
  SET skipped = reader.skipped + unread.count, "unreadCount" = GREATEST(reader."unreadCount" - unread.count, 0)
  FROM (
    SELECT participant."conversationId", participant."userId", count(*)::integer AS count
    FROM gone JOIN conversation_participants participant
      ON participant."conversationId" = gone."conversationId" AND participant."userId" <> gone."senderId"
      AND participant."readNumber" < gone.number
    WHERE gone."deletedAt" IS NULL
    GROUP BY participant."conversationId", participant."userId"
  ) unread
  WHERE reader."conversationId" = unread."conversationId" AND reader."userId" = unread."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER messages_gone AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION skip_messages();

-- What the other back end writes of who is there and what they read, in its own columns.
CREATE FUNCTION read_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF COALESCE(current_setting('app.tenant_id', true), '') <> '' THEN
    RETURN NEW;
  END IF;
  -- It counts up for each message that it writes: only what is not more than before was read.
  IF TG_OP = 'INSERT' OR NEW."unreadCount" = 0 OR NEW."unreadCount" < OLD."unreadCount" THEN
    NEW."readNumber" := GREATEST(
      (SELECT "lastNumber" FROM conversations WHERE id = NEW."conversationId") - NEW."unreadCount", 0);
    NEW.skipped := 0;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER conversation_participants_elsewhere BEFORE INSERT OR UPDATE OF "unreadCount" ON conversation_participants
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION read_elsewhere();

-- A group is never without an owner: an administrator of it follows, else whoever is there the longest.
CREATE FUNCTION pass_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE conversation_participants heir SET role = 'owner'
  FROM (
    SELECT "conversationId", "userId" FROM conversation_participants
    WHERE "conversationId" = OLD."conversationId" ORDER BY role = 'admin' DESC, "joinedAt", "userId" LIMIT 1
  ) next
  WHERE heir."conversationId" = next."conversationId" AND heir."userId" = next."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER conversation_participants_passed AFTER DELETE ON conversation_participants
  FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION pass_conversation();

-- Whoever leaves a tenant leaves its conversations.
CREATE FUNCTION leave_conversations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM conversation_participants WHERE "tenantId" = OLD."tenantId" AND "userId" = OLD."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER memberships_conversations_left AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION leave_conversations();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['number_message', 'skip_messages', 'read_elsewhere', 'pass_conversation', 'leave_conversations'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END
$$;
