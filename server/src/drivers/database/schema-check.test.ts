// The check of a migrated database: silent on a sound one, and each planted fault is found by the lint that is meant to.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { createMigratedDatabase, declarations, type TestDatabase } from '../../../test/database.ts'
import { runLints } from './lints.ts'
import { checkSchema } from './schema-check.ts'

/** The check opens a transaction of its own; around it stands the one that takes the fault back. */
function nested(client: pg.Client): pg.Client {
  const statements: Record<string, string> = { BEGIN: 'SAVEPOINT fault', ROLLBACK: 'ROLLBACK TO SAVEPOINT fault' }
  const query = (text: string, values?: unknown[]) => client.query(statements[text] ?? text, values)
  return Object.assign(Object.create(client), { query })
}

describe('schema check', () => {
  let database: TestDatabase
  let admin: pg.Client
  let app: string
  let across: string

  before(async () => {
    database = await createMigratedDatabase()
    admin = new pg.Client({ connectionString: database.adminUrl })
    await admin.connect()
    app = `${database.rolePrefix}_app`
    across = `${database.rolePrefix}_across`
  })

  after(async () => {
    await admin?.end()
    await database?.drop()
  })

  async function withFault<T>(fault: string, work: () => Promise<T>): Promise<T> {
    await admin.query('BEGIN')
    try {
      await admin.query(fault.replaceAll('$app', app).replaceAll('$across', across))
      return await work()
    } finally {
      await admin.query('ROLLBACK')
    }
  }

  it('finds nothing in a migrated database', async () => {
    assert.deepEqual(await checkSchema(admin, await declarations(), database.options.rowSecurity), [])
    assert.deepEqual(
      await runLints(admin, database.options.rowSecurity),
      Array.from({ length: 8 }, () => []),
    )
  })

  const faults: [number, string, RegExp][] = [
    [1, 'ALTER TABLE teams NO FORCE ROW LEVEL SECURITY', /^teams /],
    [1, 'ALTER TABLE teams DISABLE ROW LEVEL SECURITY', /^teams /],
    [1, 'CREATE TABLE notes (id text, "tenantId" text)', /^notes /],
    [1, 'CREATE TABLE notes (id text)', /^notes /],
    [1, 'CREATE SCHEMA side; CREATE TABLE side.notes (id text, "tenantId" text)', /^side\.notes /],
    [
      2,
      `DROP POLICY tenant ON teams; CREATE POLICY tenant ON teams USING ("tenantId" = current_setting('app.tenant_id', true))`,
      /^teams /,
    ],
    [2, 'DROP POLICY tenant ON teams', /^teams /],
    [3, 'CREATE VIEW every_team AS SELECT * FROM teams', /^every_team /],
    [3, 'CREATE MATERIALIZED VIEW every_team AS SELECT * FROM teams', /^every_team /],
    [
      4,
      "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT 1::bigint'",
      /^peek/,
    ],
    [4, 'ALTER FUNCTION recount_user() RESET search_path', /^recount_user/],
    [4, 'GRANT EXECUTE ON FUNCTION leave_all_tenants() TO PUBLIC', /^leave_all_tenants/],
    [5, 'GRANT TRUNCATE ON teams TO $app', /^TRUNCATE on teams/],
    [5, 'GRANT REFERENCES ON teams TO $across', /^REFERENCES on teams/],
    [5, 'GRANT SELECT ON teams TO PUBLIC', /^SELECT on teams for PUBLIC/],
    [5, 'GRANT UPDATE ON audit_logs TO $app', /^UPDATE on audit_logs/],
    [5, 'ALTER ROLE $app BYPASSRLS', /^the attribute of role/],
    [5, 'ALTER ROLE $across LOGIN', /^the attribute of role/],
    [5, 'ALTER TABLE teams OWNER TO $app', /^the ownership of table teams/],
    [5, 'GRANT CREATE ON SCHEMA public TO $app', /^CREATE on schema public/],
    [5, 'GRANT pg_read_all_data TO $app', /^membership of/],
    [
      6,
      'ALTER TABLE personal_access_tokens ADD "teamId" text CONSTRAINT plain REFERENCES teams (id)',
      /^plain on personal_access_tokens/,
    ],
    [7, 'CREATE UNIQUE INDEX one_name ON teams (name)', /^one_name /],
    [8, 'CREATE POLICY dice ON teams USING (random() < 0.5)', /^dice on teams/],
  ]
  for (const [lint, fault, finding] of faults) {
    it(`TEN-1 finds by lint ${lint}: ${fault}`, async () => {
      const findings = await withFault(fault, () => runLints(admin, database.options.rowSecurity))
      assert.match(findings[lint - 1]?.join('\n') ?? '', new RegExp(finding, 'm'))
    })
  }

  const drifts: [string, RegExp][] = [
    [
      'ALTER TABLE mails ALTER COLUMN subject DROP NOT NULL',
      /column mails\.subject should be "text not null" and is "text null"/,
    ],
    [
      'ALTER TABLE mails ALTER COLUMN attempts SET DEFAULT 1',
      /column mails\.attempts should be .* default 0" and is .* default 1"/,
    ],
    ['ALTER TABLE mails ALTER COLUMN attempts TYPE bigint', /column mails\.attempts/],
    ['ALTER TABLE mails ADD COLUMN extra text', /column mails\.extra is not declared/],
    ['ALTER TABLE mails DROP CONSTRAINT mails_state_check', /constraint mails\.mails_state_check is missing/],
    [
      'ALTER TABLE sessions DROP CONSTRAINT "sessions_userId_fkey"',
      /constraint sessions\.sessions_userId_fkey is missing/,
    ],
    ['DROP INDEX "mails_tenantId_createdAt_id_idx"', /index mails\.mails_tenantId_createdAt_id_idx is missing/],
    ['CREATE INDEX more ON mails (subject)', /index mails\.more is not declared/],
    ['DROP TABLE mail_counters', /table mail_counters is missing/],
    ['CREATE TABLE stray (id text)', /table stray is not declared/],
    [`ALTER TYPE "UserStatus" RENAME VALUE 'INACTIVE' TO 'ASLEEP'`, /type UserStatus should be/],
    ['ALTER TABLE mails NO FORCE ROW LEVEL SECURITY', /table mails has row security not forced/],
    ['CREATE POLICY open ON mails USING (true)', /table mails has the policy open to public using true/],
    ['DROP POLICY across ON mails', /table mails lacks the policy across/],
  ]
  for (const [drift, difference] of drifts) {
    it(`says what differs after: ${drift}`, async () => {
      const found = await withFault(drift, async () =>
        checkSchema(nested(admin), await declarations(), database.options.rowSecurity),
      )
      assert.match(found.join('\n'), difference)
    })
  }
})
