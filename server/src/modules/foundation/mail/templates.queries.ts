// The SQL of tenants' templates.
import { atVersion, type Executor, sql } from '../../../drivers/database/index.ts'
import type { MailTemplateRow } from './templates.tables.ts'

export type TemplateRow = Omit<MailTemplateRow, 'tenantId'>
export type Listed = Pick<TemplateRow, 'name' | 'locale' | 'updatedAt'>

const COLUMNS = sql`name, locale, subject, html, text, "createdAt", "updatedAt"`

/** The language of the handle's tenant, and which templates it has. */
export async function summary(db: Executor): Promise<{ locale: string | null; templates: Listed[] }> {
  const row = await db.one<{
    locale: string | null
    templates: { name: string; locale: string; updatedAt: string }[]
  }>(sql`
    SELECT (SELECT settings ->> 'locale' FROM tenants WHERE id = current_setting('app.tenant_id', true)) AS locale,
      COALESCE((SELECT jsonb_agg(jsonb_build_object('name', name, 'locale', locale, 'updatedAt', "updatedAt") ORDER BY name, locale)
        FROM mail_templates), '[]') AS templates`)
  const templates = (row?.templates ?? []).map((one) => ({ ...one, updatedAt: new Date(one.updatedAt) }))
  return { locale: row?.locale ?? null, templates }
}

export function find(db: Executor, name: string, locale: string): Promise<TemplateRow | undefined> {
  return db.one<TemplateRow>(sql`SELECT ${COLUMNS} FROM mail_templates WHERE name = ${name} AND locale = ${locale}`)
}

/** Makes changes of the handle's tenant's templates wait for each other, until the transaction ends. */
export async function lock(db: Executor): Promise<void> {
  await db.query(sql`SELECT id FROM tenants WHERE id = current_setting('app.tenant_id', true) FOR NO KEY UPDATE`)
}

export async function write(
  db: Executor,
  { name, locale, subject, html, text }: Omit<TemplateRow, 'createdAt' | 'updatedAt'>,
): Promise<TemplateRow> {
  const row = await db.one<TemplateRow>(sql`
    INSERT INTO mail_templates (name, locale, subject, html, text, "createdAt", "updatedAt")
    VALUES (${name}, ${locale}, ${subject}, ${html}, ${text}, date_trunc('milliseconds', now()), date_trunc('milliseconds', now()))
    ON CONFLICT ("tenantId", name, locale) DO UPDATE SET subject = EXCLUDED.subject, html = EXCLUDED.html, text = EXCLUDED.text,
      "updatedAt" = GREATEST(EXCLUDED."updatedAt", mail_templates."updatedAt" + interval '1 millisecond')
    RETURNING ${COLUMNS}`)
  return row!
}

/** Takes a template back, of that version where one is named; false when there is none. */
export async function remove(db: Executor, name: string, locale: string, version?: number): Promise<boolean> {
  const removed = await db.run(sql`
    DELETE FROM mail_templates WHERE name = ${name} AND locale = ${locale}
      ${atVersion(version)}`)
  return removed > 0
}
