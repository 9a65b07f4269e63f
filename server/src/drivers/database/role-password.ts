// The password of the application's role, kept with the role: sealed, as its comment. It outlives the secrets that it was first made of.
import type { ClientBase } from 'pg'
import type { Sealer } from '../sealing/index.ts'
import { MigrationRefused } from './refused.ts'

export interface RolePassword {
  /** What a role gets that has none of its own yet. */
  made: string
  sealer: Sealer
}

const contextOf = (role: string) => `password of the role ${role}`

/** The password with which the role is let in. */
export async function passwordOf(client: ClientBase, role: string, { made, sealer }: RolePassword): Promise<string> {
  return opened(await commentOf(client, role), role, sealer) ?? made
}

/**
 * The password that the role is to have, and whether its comment has to be written anew: another process may have written it under a
 * key that is not the first one any more.
 * @throws MigrationRefused when the role belongs to an installation with other secrets, which would be shut out.
 */
export async function settledPassword(
  client: ClientBase,
  role: string,
  { made, sealer }: RolePassword,
): Promise<{ password: string; comment: string | undefined }> {
  const sealed = await commentOf(client, role)
  const kept = opened(sealed, role, sealer)
  if (sealed !== undefined && kept === undefined && (await isUsedElsewhere(client, role)))
    throw new MigrationRefused([
      `The role ${role} is that of another installation on this server, which has other secrets: it would be shut out. ` +
        'Set DATABASE_ROLE_PREFIX to a name that no other installation has, or use the secrets of that one.',
    ])
  const password = kept ?? made
  const comment = sealer.seal(password, contextOf(role))
  const isCurrent = sealed !== undefined && keyOf(sealed) === keyOf(comment)
  return { password, comment: isCurrent && kept !== undefined ? undefined : comment }
}

function opened(sealed: string | undefined, role: string, sealer: Sealer): string | undefined {
  if (sealed === undefined) return undefined
  try {
    return sealer.open(sealed, contextOf(role))
  } catch {
    // Of other secrets, or a comment that somebody wrote.
    return undefined
  }
}

const keyOf = (sealed: string) => sealed.split('.')[1]

async function commentOf(client: ClientBase, role: string): Promise<string | undefined> {
  const { rows } = await client.query(
    `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
    [role],
  )
  const comment: string | null | undefined = rows[0]?.comment
  return comment?.startsWith('v1.') ? comment : undefined
}

/** Whether anything in another database of the server is granted to the role. */
async function isUsedElsewhere(client: ClientBase, role: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT EXISTS (
       SELECT FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
       WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = $1 AND d.dbid <> 0
         AND d.dbid <> (SELECT oid FROM pg_database WHERE datname = current_database())
     ) AS used`,
    [role],
  )
  return rows[0].used
}
