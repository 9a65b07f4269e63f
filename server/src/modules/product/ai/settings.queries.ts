// The SQL of what a tenant chose about language models.
import { type Executor, sql, type Tx } from '../../../drivers/database/index.ts'
import type { AiSettingsRow } from './ai.tables.ts'

export type SettingsRow = Omit<AiSettingsRow, 'tenantId'>

const COLUMNS = sql`"defaultModel", "systemPrompt", knowledge, "retentionDays", "tenantTokens"::float8 AS "tenantTokens",
  "userTokens"::float8 AS "userTokens", "updatedAt"`

export function find(db: Executor): Promise<SettingsRow | undefined> {
  return db.one<SettingsRow>(sql`SELECT ${COLUMNS} FROM ai_settings`)
}

export async function lock(tx: Tx): Promise<void> {
  await tx.run(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('ai settings ' || current_setting('app.tenant_id'), 0))`,
  )
}

export async function write(tx: Tx, row: Omit<SettingsRow, 'updatedAt'>): Promise<void> {
  const { defaultModel, systemPrompt, knowledge, retentionDays, tenantTokens, userTokens } = row
  await tx.run(sql`
    INSERT INTO ai_settings ("defaultModel", "systemPrompt", knowledge, "retentionDays", "tenantTokens", "userTokens")
    VALUES (${defaultModel}, ${systemPrompt}, ${knowledge}, ${retentionDays}, ${tenantTokens}, ${userTokens})
    ON CONFLICT ("tenantId") DO UPDATE SET "defaultModel" = excluded."defaultModel", "systemPrompt" = excluded."systemPrompt",
      knowledge = excluded.knowledge, "retentionDays" = excluded."retentionDays", "tenantTokens" = excluded."tenantTokens",
      "userTokens" = excluded."userTokens", "updatedAt" = now()`)
}
