-- Conversations with language models. An answer is written piece by piece into its chunks, so that whoever follows it goes on
-- from any piece at any process; when it ends, its whole text stands in its row.

CREATE TABLE ai_settings (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "defaultModel" text,
  "systemPrompt" text,
  knowledge boolean NOT NULL DEFAULT true,
  "retentionDays" integer,
  -- Tokens a day, under what the installation allows.
  "tenantTokens" bigint,
  "userTokens" bigint,
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_settings_pkey PRIMARY KEY ("tenantId"),
  CONSTRAINT "ai_settings_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE ai_conversations (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "userId" text NOT NULL,
  title text NOT NULL,
  -- The number of its last answer.
  "lastNumber" integer NOT NULL DEFAULT 0,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_conversations_pkey PRIMARY KEY (id),
  -- Leaving the tenant ends them.
  CONSTRAINT "ai_conversations_userId_fkey" FOREIGN KEY ("tenantId", "userId")
    REFERENCES memberships ("tenantId", "userId") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "ai_conversations_tenantId_id_key" ON ai_conversations ("tenantId", id);
CREATE INDEX "ai_conversations_tenantId_userId_updatedAt_id_idx" ON ai_conversations ("tenantId", "userId", "updatedAt" DESC, id DESC);
CREATE INDEX "ai_conversations_tenantId_updatedAt_idx" ON ai_conversations ("tenantId", "updatedAt");

CREATE TABLE ai_answers (
  id text NOT NULL,
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "conversationId" text NOT NULL,
  "userId" text NOT NULL,
  number integer NOT NULL,
  question text NOT NULL,
  content text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'running',
  -- Why it ended: a word for what is complete, the code of an error for what is not.
  reason text,
  provider text NOT NULL,
  model text NOT NULL,
  -- The ids of documents: what they are called is whoever may read them to see.
  citations jsonb NOT NULL DEFAULT '[]',
  -- Estimated until the provider has told.
  "inputTokens" integer NOT NULL DEFAULT 0,
  "outputTokens" integer NOT NULL DEFAULT 0,
  -- What is set aside for it in the budgets of that day, until it ends.
  reserved integer NOT NULL DEFAULT 0,
  day date NOT NULL,
  "firstTokenMs" integer,
  "totalMs" integer,
  -- The process that writes it, and until when nobody else may say that it is dead.
  runner text,
  "leaseUntil" timestamptz,
  -- As whoever asked chose; NULL: as the tenant says.
  knowledge boolean,
  tools boolean NOT NULL DEFAULT true,
  -- The answer whose place it takes when it ends with a text.
  "replaces" text,
  -- It does not count: another answer to the same question took its place, or it took nobody's.
  "replacedAt" timestamptz,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "finishedAt" timestamptz,
  CONSTRAINT ai_answers_pkey PRIMARY KEY (id),
  CONSTRAINT ai_answers_state_check CHECK (state IN ('running', 'done', 'stopped', 'failed', 'broken')),
  CONSTRAINT ai_answers_runner_check CHECK ((state = 'running') = (runner IS NOT NULL AND "leaseUntil" IS NOT NULL)),
  CONSTRAINT "ai_answers_conversationId_fkey" FOREIGN KEY ("tenantId", "conversationId")
    REFERENCES ai_conversations ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "ai_answers_tenantId_id_key" ON ai_answers ("tenantId", id);
CREATE UNIQUE INDEX "ai_answers_tenantId_conversationId_number_key" ON ai_answers ("tenantId", "conversationId", number);
CREATE INDEX "ai_answers_tenantId_userId_createdAt_id_idx" ON ai_answers ("tenantId", "userId", "createdAt" DESC, id DESC);
-- The few that are being written. Nothing in it changes while they are: renewing a lease costs no index.
CREATE INDEX ai_answers_running_idx ON ai_answers ("tenantId", "userId") WHERE state = 'running';
CREATE INDEX "ai_answers_finishedAt_idx" ON ai_answers ("finishedAt");

CREATE TABLE ai_chunks (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  "answerId" text NOT NULL,
  -- From 1, without a gap: the ids of the stream.
  number integer NOT NULL,
  kind text NOT NULL,
  text text NOT NULL DEFAULT '',
  data jsonb,
  -- Of the answer up to here.
  tokens integer NOT NULL,
  CONSTRAINT ai_chunks_pkey PRIMARY KEY ("tenantId", "answerId", number),
  CONSTRAINT ai_chunks_kind_check CHECK (kind IN ('delta', 'tool', 'done', 'error')),
  CONSTRAINT "ai_chunks_answerId_fkey" FOREIGN KEY ("tenantId", "answerId") REFERENCES ai_answers ("tenantId", id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Tokens of each day: of each person, and of the tenant as a whole (under no person). Both outlive who used them.
CREATE TABLE ai_usage (
  "tenantId" text NOT NULL DEFAULT COALESCE(NULLIF(current_setting('app.tenant_id', true), ''), 'default'),
  day date NOT NULL,
  "userId" text NOT NULL,
  used bigint NOT NULL DEFAULT 0,
  reserved bigint NOT NULL DEFAULT 0,
  answers integer NOT NULL DEFAULT 0,
  CONSTRAINT ai_usage_pkey PRIMARY KEY ("tenantId", day, "userId"),
  CONSTRAINT "ai_usage_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- What was set aside for an answer that goes with its conversation is given back.
CREATE FUNCTION release_ai_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ai_usage WHERE "tenantId" = OLD."tenantId" AND day = OLD.day AND "userId" IN ('', OLD."userId") ORDER BY "userId" FOR UPDATE;
  UPDATE ai_usage SET reserved = reserved - OLD.reserved,
    used = used + OLD."inputTokens" + COALESCE((
      SELECT max(tokens) FROM ai_chunks WHERE "tenantId" = OLD."tenantId" AND "answerId" = OLD.id), 0)
  WHERE "tenantId" = OLD."tenantId" AND day = OLD.day AND "userId" IN ('', OLD."userId");
  RETURN OLD;
END
$$;
CREATE TRIGGER ai_answers_released BEFORE DELETE ON ai_answers FOR EACH ROW WHEN (OLD.state = 'running') EXECUTE FUNCTION release_ai_tokens();

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION release_ai_tokens() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION release_ai_tokens() FROM PUBLIC;
END
$$;
