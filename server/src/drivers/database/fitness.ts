// What must be true of a database before its first migration: the server is new enough, stores every text, and lets its owner work.
import type { ClientBase } from 'pg'
import { roleNames } from './roles.ts'

export interface Unfitness {
  /** What is so. */
  says: string
  /** What to do about it. */
  mend: string
}

const OLDEST = 150_000

interface State {
  version: string
  number: number
  encoding: string
  name: string
  role: string
  makesRoles: boolean
  makesTables: boolean
  missing: string[]
}

/** Why migrations cannot run here, asked as the owner; empty where they can. */
export async function unfitness(client: ClientBase, rolePrefix: string): Promise<Unfitness[]> {
  const { app, across } = roleNames(rolePrefix)
  const { rows } = await client.query<State>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
       current_setting('server_encoding') AS encoding, current_database()::text AS name, rolname::text AS role,
       rolsuper OR rolcreaterole AS "makesRoles",
       COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS "makesTables",
       ARRAY(SELECT wanted FROM unnest($1::text[]) AS wanted
         WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) ORDER BY wanted) AS missing
     FROM pg_roles WHERE rolname = current_user`,
    [[app, across]],
  )
  const { version, number, encoding, name, role, makesRoles, makesTables, missing } = rows[0]!
  const found = [
    number < OLDEST && {
      says: `PostgreSQL ${version} is too old.`,
      mend: 'DATABASE_URL: Move to PostgreSQL 15 or newer.',
    },
    encoding !== 'UTF8' && {
      says: `The database ${name} has the encoding ${encoding}, which cannot store every text.`,
      mend: `DATABASE_URL: Name one that was made with CREATE DATABASE ${name} OWNER ${role} ENCODING 'UTF8' TEMPLATE template0.`,
    },
    !makesTables && {
      says: `The role ${role} may not make tables in the database ${name}.`,
      mend: `DATABASE_URL: Name the owner of the database, or make this role it: ALTER DATABASE ${name} OWNER TO ${role}.`,
    },
    missing.length > 0 &&
      !makesRoles && {
        says: `The role ${role} may not make the roles that the application works under: ${missing.join(', ')}.`,
        mend: `DATABASE_URL: Let it, as a superuser: ALTER ROLE ${role} CREATEROLE.`,
      },
  ]
  return found.filter((one) => one !== false)
}
