// Where the database is: a server that the configuration names, or an embedded one under the data folder.
import { join } from 'node:path'
import { type EmbeddedLog, type EmbeddedServer, findEmbedded, holdsDatabase, startEmbedded } from './embedded/index.ts'
import { asOwner } from './owner.ts'
import { passwordOf, type RolePassword } from './role-password.ts'
import { roleNames } from './roles.ts'

export interface PlaceOptions {
  /** The owner's URL; undefined for the embedded server. */
  url: string | undefined
  /** The application role's own URL, where the operator made the role. */
  appUrl: string | undefined
  appPassword: RolePassword
  rolePrefix: string
  dataDir: string
}

export interface DatabasePlace {
  /** The tables' owner: migrations only. Undefined where only the application role's URL is known. */
  ownerUrl: string | undefined
  /** The role that row security binds. */
  appUrl: string
  embedded: EmbeddedServer | undefined
}

/**
 * Finds or starts the database. `beside` is for verbs that run next to a server: they use its embedded database when it
 * runs, and start it only when nobody does.
 */
export async function placeDatabase(options: PlaceOptions, log: EmbeddedLog, beside = false): Promise<DatabasePlace> {
  const dataDir = folderOf(options)
  const named = isNamed(options)
  const running = !named && beside ? findEmbedded(dataDir) : undefined
  const embedded = named || running ? undefined : await startEmbedded({ dataDir, log })
  const ownerUrl = options.url ?? running?.url ?? embedded?.url
  return { ownerUrl, appUrl: options.appUrl ?? (await asApplication(ownerUrl!, options)), embedded }
}

/** Whether there is a database already, or a start would have to make it. A named one counts as there. */
export function hasDatabase(options: Pick<PlaceOptions, 'url' | 'appUrl' | 'dataDir'>): boolean {
  return isNamed(options) || holdsDatabase(folderOf(options))
}

function isNamed({ url, appUrl }: Pick<PlaceOptions, 'url' | 'appUrl'>): boolean {
  return url !== undefined || appUrl !== undefined
}

function folderOf({ dataDir }: Pick<PlaceOptions, 'dataDir'>): string {
  return join(dataDir, 'postgresql')
}

/** The owner's URL with the application role and its password in the owner's place. */
async function asApplication(
  ownerUrl: string,
  { rolePrefix, appPassword }: Pick<PlaceOptions, 'rolePrefix' | 'appPassword'>,
): Promise<string> {
  const role = roleNames(rolePrefix).app
  // Whoever needs the owner's connection says why there is none.
  const kept = await asOwner(ownerUrl, (client) => passwordOf(client, role, appPassword)).catch(() => undefined)
  const url = new URL(ownerUrl)
  url.username = role
  url.password = encodeURIComponent(kept ?? appPassword.made)
  return url.href
}
