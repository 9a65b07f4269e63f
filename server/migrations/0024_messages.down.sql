-- Attachments, numbers, replies and the marks of what was edited or deleted are lost; what was read stays in "unreadCount".
DROP TRIGGER memberships_conversations_left ON memberships;
DROP FUNCTION leave_conversations();
DROP TRIGGER conversation_participants_passed ON conversation_participants;
DROP FUNCTION pass_conversation();
DROP TRIGGER conversation_participants_elsewhere ON conversation_participants;
DROP FUNCTION read_elsewhere();
DROP TRIGGER messages_gone ON messages;
DROP FUNCTION skip_messages();
DROP TRIGGER messages_numbered ON messages;
DROP FUNCTION number_message();
DROP TABLE message_attachments;
DROP INDEX "messages_tenantId_id_key";
ALTER TABLE messages DROP COLUMN "deletedAt", DROP COLUMN "editedAt", DROP COLUMN "replyToId", DROP COLUMN number;
ALTER TABLE conversation_participants DROP COLUMN "fromNumber", DROP COLUMN skipped, DROP COLUMN "readNumber";
ALTER TABLE conversations DROP COLUMN pair, DROP COLUMN "lastNumber";
