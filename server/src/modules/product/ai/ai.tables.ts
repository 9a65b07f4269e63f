// Conversations with language models: questions, answers piece by piece, what was used, and what a tenant chose.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { keyOf, moment, momentNow, tenantId, tenantIdOfKey } from '../../../drivers/database/columns.ts'

export const aiSettings = pgTable(
  'ai_settings',
  {
    tenantId: tenantId(),
    defaultModel: text(),
    systemPrompt: text(),
    knowledge: boolean().notNull().default(true),
    retentionDays: integer(),
    /** Tokens a day, under what the installation allows. */
    tenantTokens: bigint({ mode: 'number' }),
    userTokens: bigint({ mode: 'number' }),
    updatedAt: momentNow(),
  },
  (table) => [primaryKey({ name: 'ai_settings_pkey', columns: [table.tenantId] })],
)

export const aiConversations = pgTable(
  'ai_conversations',
  {
    id: text().primaryKey(),
    tenantId: tenantIdOfKey(),
    userId: text().notNull(),
    title: text().notNull(),
    /** The number of its last answer. */
    lastNumber: integer().notNull().default(0),
    createdAt: momentNow(),
    updatedAt: momentNow(),
  },
  (table) => [
    uniqueIndex('ai_conversations_tenantId_id_key').on(table.tenantId, table.id),
    index('ai_conversations_tenantId_userId_updatedAt_id_idx').on(
      table.tenantId,
      table.userId,
      table.updatedAt.desc(),
      table.id.desc(),
    ),
    index('ai_conversations_tenantId_updatedAt_idx').on(table.tenantId, table.updatedAt),
    foreignKey({
      name: 'ai_conversations_userId_fkey',
      columns: [table.tenantId, table.userId],
      foreignColumns: keyOf('memberships', 'tenantId', 'userId'),
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
  ],
)

export const aiAnswers = pgTable(
  'ai_answers',
  {
    id: text().primaryKey(),
    tenantId: tenantIdOfKey(),
    conversationId: text().notNull(),
    userId: text().notNull(),
    number: integer().notNull(),
    question: text().notNull(),
    content: text().notNull().default(''),
    state: text({ enum: ['running', 'done', 'stopped', 'failed', 'broken'] })
      .notNull()
      .default('running'),
    /** Why it ended: a word for what is complete, the code of an error for what is not. */
    reason: text(),
    provider: text({ enum: ['ollama', 'openai'] }).notNull(),
    model: text().notNull(),
    /** The ids of documents. */
    citations: jsonb().notNull().default([]),
    /** Estimated until the provider has told. */
    inputTokens: integer().notNull().default(0),
    outputTokens: integer().notNull().default(0),
    /** What is set aside for it in the budgets of that day, until it ends. */
    reserved: integer().notNull().default(0),
    day: date().notNull(),
    firstTokenMs: integer(),
    totalMs: integer(),
    /** The process that writes it, and until when nobody else may say that it is dead. */
    runner: text(),
    leaseUntil: moment(),
    /** As whoever asked chose; null: as the tenant says. */
    knowledge: boolean(),
    tools: boolean().notNull().default(true),
    /** The answer whose place it takes when it ends with a text. */
    replaces: text(),
    /** It does not count: another answer to the same question took its place, or it took nobody's. */
    replacedAt: moment(),
    createdAt: momentNow(),
    finishedAt: moment(),
  },
  (table) => [
    check('ai_answers_state_check', sql`${table.state} IN ('running', 'done', 'stopped', 'failed', 'broken')`),
    check(
      'ai_answers_runner_check',
      sql`(${table.state} = 'running') = (${table.runner} IS NOT NULL AND ${table.leaseUntil} IS NOT NULL)`,
    ),
    uniqueIndex('ai_answers_tenantId_id_key').on(table.tenantId, table.id),
    uniqueIndex('ai_answers_tenantId_conversationId_number_key').on(table.tenantId, table.conversationId, table.number),
    index('ai_answers_tenantId_userId_createdAt_id_idx').on(
      table.tenantId,
      table.userId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    index('ai_answers_running_idx').on(table.tenantId, table.userId).where(sql`${table.state} = 'running'`),
    index('ai_answers_finishedAt_idx').on(table.finishedAt),
    foreignKey({
      name: 'ai_answers_conversationId_fkey',
      columns: [table.tenantId, table.conversationId],
      foreignColumns: [aiConversations.tenantId, aiConversations.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
  ],
)

export const aiChunks = pgTable(
  'ai_chunks',
  {
    tenantId: tenantIdOfKey(),
    answerId: text().notNull(),
    /** From 1, without a gap: the ids of the stream. */
    number: integer().notNull(),
    kind: text({ enum: ['delta', 'tool', 'done', 'error'] }).notNull(),
    text: text().notNull().default(''),
    data: jsonb(),
    /** Of the answer up to here. */
    tokens: integer().notNull(),
  },
  (table) => [
    primaryKey({ name: 'ai_chunks_pkey', columns: [table.tenantId, table.answerId, table.number] }),
    check('ai_chunks_kind_check', sql`${table.kind} IN ('delta', 'tool', 'done', 'error')`),
    foreignKey({
      name: 'ai_chunks_answerId_fkey',
      columns: [table.tenantId, table.answerId],
      foreignColumns: [aiAnswers.tenantId, aiAnswers.id],
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
  ],
)

export const aiUsage = pgTable(
  'ai_usage',
  {
    tenantId: tenantId(),
    day: date().notNull(),
    /** Empty for the tenant as a whole. */
    userId: text().notNull(),
    used: bigint({ mode: 'number' }).notNull().default(0),
    reserved: bigint({ mode: 'number' }).notNull().default(0),
    answers: integer().notNull().default(0),
  },
  (table) => [primaryKey({ name: 'ai_usage_pkey', columns: [table.tenantId, table.day, table.userId] })],
)

export type AiSettingsRow = typeof aiSettings.$inferSelect
export type AiConversationRow = typeof aiConversations.$inferSelect
export type AiAnswerRow = typeof aiAnswers.$inferSelect
export type AiChunkRow = typeof aiChunks.$inferSelect
