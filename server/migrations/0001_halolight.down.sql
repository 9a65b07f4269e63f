-- Drops the shared tables with everything in them. Never run on an adopted database: there the mark alone goes away.

DROP TABLE
  "refresh_tokens",
  "activity_logs",
  "notifications",
  "messages",
  "conversation_participants",
  "conversations",
  "event_reminders",
  "event_attendees",
  "calendar_events",
  "files",
  "folders",
  "document_tags",
  "tags",
  "document_shares",
  "documents",
  "team_members",
  "teams",
  "user_roles",
  "role_permissions",
  "permissions",
  "roles",
  "users";

DROP TYPE "UserStatus";
DROP TYPE "SharePermission";
DROP TYPE "AttendeeStatus";
