// Which storage a tenant keeps its files in. A change is tried before it is saved, and moves nothing that is there.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import { type BlobStore, isPublicAddress, tryStore } from '../../../../drivers/blobs/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { storageErrors } from '../storage.errors.ts'
import * as queries from '../storage.queries.ts'
import type { AvailableStorages, StorageChange, StorageSettings } from '../storage.schema.ts'
import { broughtOf, sealContext } from '../stores.ts'
import type { Keeping } from './keeping.ts'
import type { StorageParts } from './parts.ts'

export interface Settings {
  get(actor: UserActor): Promise<StorageSettings>
  put(actor: UserActor, change: StorageChange, facts: RequestFacts): Promise<StorageSettings>
  available(actor: UserActor): Promise<AvailableStorages>
}

interface FieldRule {
  name: string
  required: boolean
  secret: boolean
}

const field = (name: string, required = true, secret = false): FieldRule => ({ name, required, secret })

const FIELDS: Record<'s3' | 'azure', FieldRule[]> = {
  s3: [
    field('bucket'),
    field('region', false),
    field('endpoint', false),
    field('accessKeyId'),
    field('secretAccessKey', true, true),
  ],
  azure: [field('account'), field('container'), field('endpoint', false), field('accountKey', true, true)],
}

const LABELS = { default: 'Storage of this installation', s3: 'S3-compatible storage', azure: 'Azure Blob Storage' }

export function createSettings(parts: StorageParts, { usage }: Pick<Keeping, 'usage'>): Settings {
  const { database, audit, sealer, stores, options } = parts

  async function get(actor: UserActor): Promise<StorageSettings> {
    const db = database.tenant(actor.tenantId)
    const row = await queries.current(db)
    const { tenantUsed: used, tenantTotal: total } = await usage(db, actor.userId)
    if (!row) return { provider: 'default', secretSet: false, since: null, used, total }
    const settings = row.settings as Record<string, string>
    return { provider: row.provider, ...settings, secretSet: true, since: row.createdAt.toISOString(), used, total }
  }

  /** The settings of the change and its secret, which may be the one that is kept. */
  function read(change: StorageChange, before: queries.Storage | undefined) {
    const { provider } = change
    if (provider === 'default') return undefined
    const rules = FIELDS[provider]
    const sent = change as Record<string, string | null | undefined>
    const stray = Object.keys(sent).find((name) => name !== 'provider' && !rules.some((rule) => rule.name === name))
    if (stray) throw invalidField(stray, 'not_for_provider', `This is nothing of ${LABELS[provider]}.`)
    const settings: Record<string, string> = provider === 's3' ? { region: 'us-east-1' } : {}
    for (const { name, secret, required } of rules) {
      const value = sent[name] ?? undefined
      if (value === undefined && required && !secret) throw invalidField(name, 'missing', 'This is needed.')
      if (value !== undefined && !secret) settings[name] = name === 'endpoint' ? endpointOf(value, sent.account) : value
    }
    const secretName = rules.find((rule) => rule.secret)!.name
    const isSameAccount =
      before?.provider === provider &&
      ['endpoint', 'accessKeyId', 'account'].every(
        (name) => (before.settings as Record<string, string>)[name] === settings[name],
      )
    const secret = sent[secretName] ?? (isSameAccount ? sealer.open(before.sealed, sealContext(before.id)) : undefined)
    if (secret === undefined) throw invalidField(secretName, 'missing', 'This is needed.')
    if (provider === 'azure' && !/^[A-Za-z0-9+/]+={0,2}$/.test(secret))
      throw invalidField(secretName, 'not_base64', 'A key of Azure is written in base64.')
    return { provider, settings, secret }
  }

  function endpointOf(given: string, account: string | null | undefined): string {
    const url = URL.canParse(given) ? new URL(given) : undefined
    const isPlain =
      url && ['/', `/${account}`].includes(url.pathname) && !url.search && !url.hash && !url.username && !url.password
    const schemes = options.allowPrivateEndpoints ? ['https:', 'http:'] : ['https:']
    if (!isPlain || !schemes.includes(url.protocol))
      throw invalidField('endpoint', 'not_an_address', 'This must be an https address without a path.')
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const isAddress = /^[\d.]+$|:/.test(host)
    if (!options.allowPrivateEndpoints && isAddress && !isPublicAddress(host))
      throw invalidField('endpoint', 'private_address', 'This address does not lead to the public Internet.')
    return url.origin + url.pathname.replace(/\/$/, '')
  }

  return {
    get,

    async put(actor, change, facts) {
      const { tenantId } = actor
      const wanted = read(change, await queries.current(database.tenant(tenantId)))
      if (wanted) {
        const store = stores.open(broughtOf(wanted.provider, wanted.settings, wanted.secret))
        await probe(store, tenantId).finally(() => store.close())
      }
      await database.inTenant(tenantId, async (tx) => {
        await queries.lock(tx)
        const before = await queries.current(tx)
        await queries.retire(tx)
        const id = newId()
        if (wanted) {
          const { provider, settings, secret } = wanted
          await queries.insert(
            tx,
            { id, provider, settings, sealed: sealer.seal(secret, sealContext(id)) },
            actor.userId,
          )
        }
        const told = {
          provider: [before?.provider ?? 'default', wanted?.provider ?? 'default'],
          settings: [before?.settings ?? null, wanted?.settings ?? null],
        }
        const deed = { action: 'storage.edit', targetType: 'storage', targetId: tenantId, changes: told }
        audit.record(tx, actor, deed, facts)
      })
      return get(actor)
    },

    async available(actor) {
      const row = await queries.current(database.tenant(actor.tenantId))
      const current = row?.provider ?? 'default'
      return {
        data: (['default', 's3', 'azure'] as const).map((provider) => ({
          provider,
          label: LABELS[provider],
          current: provider === current,
          fields: provider === 'default' ? [] : FIELDS[provider],
        })),
      }
    },
  }
}

/** Throws the same for every way in which that does not work. */
async function probe(store: BlobStore, tenantId: string): Promise<void> {
  try {
    await tryStore(store, tenantId)
  } catch (error) {
    throw storageErrors('storage.test_failed', { cause: error })
  }
}
