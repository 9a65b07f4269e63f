-- Zones, recurrence, guests, feeds, "perhaps" and what reminders are to do are lost; each event stays with its first instance.
DROP TRIGGER memberships_calendar_left ON memberships;
DROP FUNCTION leave_calendar();
DROP TRIGGER calendar_events_spanned ON calendar_events;
DROP FUNCTION span_calendar_event();
DROP TRIGGER calendar_events_moved ON calendar_events;
DROP FUNCTION move_calendar_event();
DROP TRIGGER calendar_events_placed ON calendar_events;
DROP FUNCTION place_calendar_event();
DROP TABLE calendar_feeds;
DROP TABLE calendar_reminded;
ALTER TABLE event_reminders DROP COLUMN "doneAt", DROP COLUMN "jobId", DROP COLUMN channel, DROP COLUMN "minutesBefore";
DROP TABLE calendar_guests;
ALTER TABLE event_attendees DROP COLUMN "answeredAt", DROP COLUMN "isTentative";
DROP TABLE calendar_overrides;
DROP INDEX "calendar_events_tenantId_ownerId_span_idx";
DROP INDEX "calendar_events_tenantId_id_key";
ALTER TABLE calendar_events DROP COLUMN "isLong", DROP COLUMN sequence, DROP COLUMN "spanEnd", DROP COLUMN "spanStart", DROP COLUMN rdates,
  DROP COLUMN exdates, DROP COLUMN "lastAt", DROP COLUMN rule, DROP COLUMN "wallStart", DROP COLUMN "timeZone";
