-- The calendar: wall time and zone beside the shared instants, recurrence, answers, guests, reminders and feeds.

-- "startAt" and "endAt" stay the first instance in UTC, as the other back end reads and writes them.
ALTER TABLE calendar_events ADD COLUMN "timeZone" text NOT NULL DEFAULT 'UTC';
ALTER TABLE calendar_events ADD COLUMN "wallStart" timestamp(3);
-- FREQ=… of RFC 5545; null: it takes place once.
ALTER TABLE calendar_events ADD COLUMN rule text;
-- When the last instance of the rule begins; null: there is no last one, or no rule.
ALTER TABLE calendar_events ADD COLUMN "lastAt" timestamptz;
-- Wall times, as 2030-05-01T09:00:00.
ALTER TABLE calendar_events ADD COLUMN exdates text[] NOT NULL DEFAULT '{}';
ALTER TABLE calendar_events ADD COLUMN rdates text[] NOT NULL DEFAULT '{}';
-- All instances, those that were moved too, lie in here.
ALTER TABLE calendar_events ADD COLUMN "spanStart" timestamp(3);
ALTER TABLE calendar_events ADD COLUMN "spanEnd" timestamp(3);
-- Counts the changes of when and where (RFC 5545, 3.8.7.4). Only we write it.
ALTER TABLE calendar_events ADD COLUMN sequence int NOT NULL DEFAULT 0;
UPDATE calendar_events SET "wallStart" = "startAt", "spanStart" = "startAt", "spanEnd" = GREATEST("startAt", "endAt");
ALTER TABLE calendar_events ALTER COLUMN "wallStart" SET NOT NULL, ALTER COLUMN "spanStart" SET NOT NULL,
  ALTER COLUMN "spanEnd" SET NOT NULL;
CREATE UNIQUE INDEX "calendar_events_tenantId_id_key" ON calendar_events ("tenantId", id);
-- Most events are short: those of a window begin in it or shortly before. Of the others, series above all, there are few.
ALTER TABLE calendar_events ADD COLUMN "isLong" boolean NOT NULL DEFAULT false;
UPDATE calendar_events SET "isLong" = true WHERE "spanEnd" > "spanStart" + interval '32 days';
-- A window of somebody's calendar is two ranges of this, however long ago a series began.
CREATE INDEX "calendar_events_tenantId_ownerId_span_idx" ON calendar_events ("tenantId", "ownerId", "isLong", "spanStart", "spanEnd");

-- Instances that are not what their series says. "recurrenceId" is the wall time that the rule gives.
CREATE TABLE calendar_overrides (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "eventId" text NOT NULL,
  "recurrenceId" timestamp(3) NOT NULL,
  "startAt" timestamptz NOT NULL,
  "endAt" timestamptz NOT NULL,
  -- Of title, description, location, type and color those that differ.
  changes jsonb NOT NULL,
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT calendar_overrides_pkey PRIMARY KEY ("tenantId", "eventId", "recurrenceId"),
  CONSTRAINT "calendar_overrides_eventId_fkey" FOREIGN KEY ("tenantId", "eventId") REFERENCES calendar_events ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Perhaps is an answer that the shared type does not know: the other back end reads PENDING.
ALTER TABLE event_attendees ADD COLUMN "isTentative" boolean NOT NULL DEFAULT false;
ALTER TABLE event_attendees ADD COLUMN "answeredAt" timestamptz;

-- Who is invited by an address alone.
CREATE TABLE calendar_guests (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "eventId" text NOT NULL,
  email text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT calendar_guests_pkey PRIMARY KEY ("tenantId", "eventId", email),
  CONSTRAINT "calendar_guests_eventId_fkey" FOREIGN KEY ("tenantId", "eventId") REFERENCES calendar_events ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- "remindAt" is the next time. A reminder that the other back end wrote has no minutes, and reminds once.
ALTER TABLE event_reminders ADD COLUMN "minutesBefore" int;
ALTER TABLE event_reminders ADD COLUMN channel text NOT NULL DEFAULT 'notification';
ALTER TABLE event_reminders ADD CONSTRAINT event_reminders_channel_check CHECK (channel IN ('notification', 'mail', 'both'));
ALTER TABLE event_reminders ADD COLUMN "jobId" text;
-- There is nothing left to remind of.
ALTER TABLE event_reminders ADD COLUMN "doneAt" timestamptz;
UPDATE event_reminders SET "doneAt" = now() WHERE "remindAt" <= now() AT TIME ZONE 'UTC';
CREATE INDEX event_reminders_due_idx ON event_reminders ("remindAt") WHERE "doneAt" IS NULL AND "jobId" IS NULL;

-- Who was reminded of what: each person once of each instance.
CREATE TABLE calendar_reminded (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "eventId" text NOT NULL,
  "userId" text NOT NULL,
  "startAt" timestamptz NOT NULL,
  "remindAt" timestamptz NOT NULL,
  CONSTRAINT calendar_reminded_pkey PRIMARY KEY ("tenantId", "eventId", "userId", "startAt", "remindAt"),
  CONSTRAINT "calendar_reminded_eventId_fkey" FOREIGN KEY ("tenantId", "eventId") REFERENCES calendar_events ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "calendar_reminded_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "calendar_reminded_userId_idx" ON calendar_reminded ("userId");

-- One secret address of a person's calendar in a tenant. It ends with the membership.
CREATE TABLE calendar_feeds (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  "tokenHash" text NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "readAt" timestamptz,
  CONSTRAINT calendar_feeds_pkey PRIMARY KEY ("tenantId", "userId"),
  CONSTRAINT "calendar_feeds_userId_fkey" FOREIGN KEY ("tenantId", "userId") REFERENCES memberships ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "calendar_feeds_tenantId_tokenHash_key" ON calendar_feeds ("tenantId", "tokenHash");

-- What the other back end inserts takes place once, in UTC.
CREATE FUNCTION place_calendar_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."wallStart" := COALESCE(NEW."wallStart", NEW."startAt");
  NEW."spanStart" := COALESCE(NEW."spanStart", NEW."startAt");
  NEW."spanEnd" := COALESCE(NEW."spanEnd", GREATEST(NEW."startAt", NEW."endAt"));
  RETURN NEW;
END
$$;
CREATE TRIGGER calendar_events_placed BEFORE INSERT ON calendar_events FOR EACH ROW EXECUTE FUNCTION place_calendar_event();

-- Whoever writes it. The name comes behind those of the other triggers, and so does its turn.
CREATE FUNCTION span_calendar_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."isLong" := NEW."spanEnd" > NEW."spanStart" + interval '32 days';
  RETURN NEW;
END
$$;
CREATE TRIGGER calendar_events_spanned BEFORE INSERT OR UPDATE ON calendar_events FOR EACH ROW EXECUTE FUNCTION span_calendar_event();

-- What it moves takes wall time, instances and reminders along.
CREATE FUNCTION move_calendar_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zone text := CASE WHEN NEW."allDay" THEN 'UTC' ELSE NEW."timeZone" END;
  way interval;
  known boolean := true;
  later interval := NEW."startAt" - OLD."startAt";
  moved record;
BEGIN
  BEGIN
    NEW."wallStart" := (NEW."startAt" AT TIME ZONE 'UTC') AT TIME ZONE zone;
  EXCEPTION WHEN invalid_parameter_value THEN
    -- A zone that this PostgreSQL does not know: the clock went as far as time did.
    known := false;
    NEW."wallStart" := OLD."wallStart" + later;
  END;
  way := NEW."wallStart" - OLD."wallStart";
  NEW.exdates := ARRAY(SELECT to_char(one::timestamp + way, 'YYYY-MM-DD"T"HH24:MI:SS') FROM unnest(OLD.exdates) one);
  NEW.rdates := ARRAY(SELECT to_char(one::timestamp + way, 'YYYY-MM-DD"T"HH24:MI:SS') FROM unnest(OLD.rdates) one);
  NEW."lastAt" := CASE WHEN known THEN ((OLD."lastAt" AT TIME ZONE zone) + way) AT TIME ZONE zone ELSE OLD."lastAt" + later END;
  -- A span may be too wide, never too narrow: summer time makes an hour's difference.
  NEW."spanStart" := CASE WHEN NEW.rule IS NULL THEN NEW."startAt" ELSE OLD."spanStart" + later - interval '1 day' END;
  NEW."spanEnd" := CASE WHEN NEW.rule IS NULL THEN GREATEST(NEW."startAt", NEW."endAt")
    ELSE OLD."spanEnd" + (NEW."endAt" - OLD."endAt") + interval '1 day' END;
  -- One at a time, the far end first: two of them may be as far from each other as they are moved.
  FOR moved IN
    SELECT "recurrenceId" FROM calendar_overrides WHERE "tenantId" = NEW."tenantId" AND "eventId" = NEW.id
    ORDER BY CASE WHEN way > interval '0' THEN "recurrenceId" END DESC, "recurrenceId"
  LOOP
    UPDATE calendar_overrides SET "recurrenceId" = "recurrenceId" + way,
      "startAt" = CASE WHEN known THEN (("startAt" AT TIME ZONE zone) + way) AT TIME ZONE zone ELSE "startAt" + later END,
      "endAt" = CASE WHEN known THEN (("endAt" AT TIME ZONE zone) + way) AT TIME ZONE zone ELSE "endAt" + later END
    WHERE "tenantId" = NEW."tenantId" AND "eventId" = NEW.id AND "recurrenceId" = moved."recurrenceId";
  END LOOP;
  UPDATE event_reminders SET "remindAt" = "remindAt" + later, "jobId" = NULL, "doneAt" = NULL
  WHERE "tenantId" = NEW."tenantId" AND "eventId" = NEW.id AND "minutesBefore" IS NOT NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER calendar_events_moved BEFORE UPDATE OF "startAt", "endAt" ON calendar_events FOR EACH ROW
  WHEN (OLD.sequence = NEW.sequence AND (OLD."startAt" <> NEW."startAt" OR OLD."endAt" <> NEW."endAt"))
  EXECUTE FUNCTION move_calendar_event();

-- Whoever leaves a tenant is invited to nothing there any more.
CREATE FUNCTION leave_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM event_attendees WHERE "tenantId" = OLD."tenantId" AND "userId" = OLD."userId";
  RETURN NULL;
END
$$;
CREATE TRIGGER memberships_calendar_left AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION leave_calendar();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['place_calendar_event', 'span_calendar_event', 'move_calendar_event', 'leave_calendar'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END
$$;
