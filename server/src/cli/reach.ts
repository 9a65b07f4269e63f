// Why the database of the settings cannot be used, in the same sentences for a start that fails and for the doctor.
import type { Config } from '../config.ts'
import { asOwner, type OwnerClient, roleNames, type Unfitness, unfitness } from '../drivers/database/index.ts'
import { UsageError } from './arguments.ts'
import { wordsOf } from './doctor/finding.ts'

type Setting = 'DATABASE_URL' | 'DATABASE_APP_URL' | 'DATABASE_POOLER_URL'

export const MIGRATE =
  'Run `ashlar migrate up` with DATABASE_URL naming the owner of the tables; a start does the same.'

const MENDS: Record<string, string> = {
  '28P01': 'The password is not the one of the role: correct it there.',
  '28000': 'The server does not let this role in from here: see its pg_hba.conf.',
  '3D000': 'Make the database, or name the one that there is.',
  '42501': 'The role may not connect to this database: GRANT CONNECT lets it.',
  '53300': 'Every connection of the server is taken: raise max_connections, or lower DB_POOL_SIZE.',
  '57P03': 'The server starts or stops: try again shortly.',
}

/** Why nobody can connect; undefined where one can. */
export async function unreachable(url: string, setting: Setting): Promise<Unfitness | undefined> {
  try {
    await asOwner(url, async () => undefined)
    return undefined
  } catch (error) {
    return reasonOf(error, url, setting)
  }
}

/** Why the application cannot connect, by itself or through the pooler. */
export async function applicationUnreachable(
  { database: { appUrl, rolePrefix } }: Config,
  derivedUrl: string,
): Promise<Unfitness | undefined> {
  const away = await unreachable(derivedUrl, 'DATABASE_APP_URL')
  if (!away) return undefined
  const says = `The application's role ${roleNames(rolePrefix).app} is not let in: ${away.says}`
  return { says, mend: appUrl ? away.mend : MIGRATE }
}

/** Works on the owner's connection; throws UsageError where there is none to be had. */
export async function asReachedOwner<T>(ownerUrl: string, work: (client: OwnerClient) => Promise<T>): Promise<T> {
  let connected = false
  try {
    return await asOwner(ownerUrl, (client) => {
      connected = true
      return work(client)
    })
  } catch (error) {
    throw connected ? error : refusal([reasonOf(error, ownerUrl, 'DATABASE_URL')])
  }
}

/** Throws UsageError where migrations cannot run, before the first of them changes anything. */
export async function mustFit(client: OwnerClient, { database: { rolePrefix } }: Config): Promise<void> {
  const faults = await unfitness(client, rolePrefix)
  if (faults.length > 0) throw refusal(faults)
}

export function refusal(faults: readonly Unfitness[]): UsageError {
  return new UsageError(faults.map(({ says, mend }) => `${says}\n${mend}`).join('\n'))
}

function reasonOf(error: unknown, url: string, setting: Setting): Unfitness {
  const { host, pathname } = new URL(url)
  const mend = MENDS[(error as { code?: string }).code ?? ''] ?? 'Start it, or correct its host and port.'
  return {
    says: `PostgreSQL at ${host}${pathname} cannot be used: ${wordsOf(error)}`,
    mend: `${setting}: ${mend}`,
  }
}
