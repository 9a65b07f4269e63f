-- Preferences are lost, and of notifications what they are about and who they come from; their words stay.
DROP TRIGGER memberships_notifications_left ON memberships;
DROP FUNCTION leave_notifications();
DROP TABLE notification_preferences;
DROP INDEX "notifications_tenantId_userId_eventId_key";
DROP INDEX notifications_unread_messages_key;
DROP INDEX "notifications_tenantId_userId_unread_idx";
DROP INDEX "notifications_createdAt_idx";
-- What was to be sent by mail only was never to be seen.
DELETE FROM notifications WHERE NOT "inApp";
ALTER TABLE notifications DROP COLUMN "mailedAt", DROP COLUMN "inApp", DROP COLUMN times, DROP COLUMN "senderId",
  DROP COLUMN "subjectId", DROP COLUMN "subjectType", DROP COLUMN kind, DROP COLUMN "eventId", DROP COLUMN "eventName";
