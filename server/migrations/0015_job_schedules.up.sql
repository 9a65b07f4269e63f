-- When jobs are due that the installation runs by the clock. The program's own schedules are written at each start.

CREATE TABLE job_schedules (
  name text NOT NULL,
  cron text NOT NULL,
  "timeZone" text NOT NULL,
  "nextAt" timestamptz NOT NULL,
  -- The due time that last fired.
  "lastAt" timestamptz,
  CONSTRAINT job_schedules_pkey PRIMARY KEY (name)
);
