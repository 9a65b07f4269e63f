// Making links and revoking them, with the shares that people have beside them.
import type { UserActor } from '../../../../core/actor.ts'
import { contradiction, invalidField } from '../../../../core/errors.ts'
import { hashOfSecret, newId, newSecret } from '../../../../core/ids.ts'
import type { Page } from '../../../../core/page.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { CONTENT_SHARES, endShare } from '../../access/index.ts'
import type { AccessEntry, AccessQuery } from '../../accesslog/index.ts'
import { linkErrors } from '../links.errors.ts'
import * as queries from '../links.queries.ts'
import { type MadeShare, type NewLink, type NewShareOrLink, ofLink, ofShare, type Share } from '../links.schema.ts'
import { type LinkParts, spelled } from './parts.ts'

export interface Giving {
  /** Makes a link to a file; its secret is in the answer and nowhere else. For whoever may share it. */
  link(actor: UserActor, fileId: string, wanted: NewLink, facts: RequestFacts): Promise<MadeShare>
  /** Shares a file with whoever is named, or makes a link where nobody is, or both where both are asked for. */
  shareOrLink(actor: UserActor, fileId: string, wanted: NewShareOrLink, facts: RequestFacts): Promise<MadeShare>
  /** The people, teams and links that a file is given to. */
  shares(actor: UserActor, fileId: string): Promise<{ data: Share[] }>
  /** Ends one of them. */
  revoke(actor: UserActor, fileId: string, shareId: string, facts: RequestFacts): Promise<void>
  /** Who read the file. */
  accesses(actor: UserActor, fileId: string, query: AccessQuery): Promise<Page<AccessEntry>>
}

/** More links to one thing are nothing that anybody oversees. */
const MOST_ACTIVE = 100

export function createGiving(parts: LinkParts): Giving {
  const { database, audit, hashing, tenants, access, accessLog, options } = parts

  const target = (id: string) => ({ targetType: 'file', targetId: id })

  async function hashed({ password }: NewLink): Promise<string | null> {
    return password === undefined ? null : hashing.hash(spelled(password))
  }

  async function makeLink(tx: Tx, actor: UserActor, fileId: string, wanted: Made, facts: RequestFacts) {
    const allowed = options.publicLinks && (await tenants.settingsOf(actor.tenantId, tx)).publicLinks
    if (!allowed) throw linkErrors('links.not_allowed')
    const item = { kind: 'file', itemId: fileId } as const
    if ((await queries.countActive(tx, item)) >= MOST_ACTIVE) throw linkErrors('links.too_many')
    const { expiresAt, passwordHash, maxDownloads } = wanted
    const [id, token] = [newId(), newSecret()]
    const row = {
      ...item,
      id,
      createdById: actor.userId,
      tokenHash: hashOfSecret(token),
      passwordHash,
      expiresAt,
      maxDownloads,
    }
    await queries.insert(tx, row)
    const changes = { linkId: id, expiresAt, maxDownloads, hasPassword: passwordHash !== null }
    audit.record(tx, actor, { action: 'files.link', ...target(fileId), changes }, facts)
    const url = `${options.publicUrl}/api/v1/files/shared/${token}`
    return { ...ofLink((await queries.find(tx, item, id))!), fileId, token, url }
  }

  async function sharePeople(tx: Tx, actor: UserActor, item: SharedFile, wanted: NewShareOrLink, facts: RequestFacts) {
    const { userId, teamId, userIds = [], teamIds = [], permission, expiresAt = null } = wanted
    const named = { ...(userId && { userId }), ...(teamId && { teamId }), userIds, teamIds }
    const given = { ...named, ...(permission && { permission }), expiresAt }
    const changes = await access.share(tx, actor, CONTENT_SHARES, { kind: 'file', ...item }, given)
    audit.record(tx, actor, { action: 'files.share', ...target(item.id), changes }, facts)
    const targets = new Set(changes.with as string[])
    const rows = await CONTENT_SHARES.list(tx, 'file', item.id)
    const row = rows.findLast((one) => targets.has((one.userId ?? one.teamId)!))
    if (!row) throw invalidField('userId', 'is_owner', 'The owner has more than any share gives.')
    const url = `${options.publicUrl}/api/v1/files/${item.id}/content`
    return { ...ofShare(row, Date.now()), fileId: item.id, token: null, url }
  }

  return {
    async link(actor, fileId, wanted, facts) {
      const expiresAt = endOf(wanted)
      const passwordHash = await hashed(wanted)
      return database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'file', id: fileId }, 'OWNER')
        const { maxDownloads = null } = wanted
        return makeLink(tx, actor, fileId, { expiresAt, passwordHash, maxDownloads }, facts)
      })
    },

    async shareOrLink(actor, fileId, wanted, facts) {
      const isLink = mustBeClear(wanted)
      const expiresAt = endOf(wanted)
      const passwordHash = await hashed(wanted)
      return database.inTenant(actor.tenantId, async (tx) => {
        const { id, ownerId } = await access.must(tx, actor, { kind: 'file', id: fileId }, 'OWNER')
        const people = namesSomebody(wanted)
          ? await sharePeople(tx, actor, { id, ownerId }, { ...wanted, expiresAt }, facts)
          : undefined
        const { maxDownloads = null } = wanted
        const link = isLink && (await makeLink(tx, actor, id, { expiresAt, passwordHash, maxDownloads }, facts))
        return link || people!
      })
    },

    async shares(actor, fileId) {
      const db = database.tenant(actor.tenantId)
      await access.must(db, actor, { kind: 'file', id: fileId }, 'OWNER')
      const links = await queries.list(db, { kind: 'file', itemId: fileId })
      const people = await CONTENT_SHARES.list(db, 'file', fileId)
      return { data: [...people.map((row) => ofShare(row, Date.now())), ...links.map(ofLink)] }
    },

    revoke: (actor, fileId, shareId, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'file', id: fileId }, 'OWNER')
        const ended = await endShare(tx, 'file', fileId, shareId)
        if (ended) {
          const changes = { with: [ended.userId ?? ended.teamId], ended: 1 }
          audit.record(tx, actor, { action: 'files.unshare', ...target(fileId), changes }, facts)
          return
        }
        if (!(await queries.find(tx, { kind: 'file', itemId: fileId }, shareId)))
          throw linkErrors('links.share_not_found')
        if (await queries.revoke(tx, shareId))
          audit.record(
            tx,
            actor,
            { action: 'files.revoke_link', ...target(fileId), changes: { linkId: shareId } },
            facts,
          )
      }),

    async accesses(actor, fileId, query) {
      const db = database.tenant(actor.tenantId)
      await access.must(db, actor, { kind: 'file', id: fileId }, 'OWNER')
      await accessLog.settle()
      return accessLog.list(db, { kind: 'file', itemId: fileId }, query)
    },
  }
}

type Made = Pick<queries.NewRow, 'expiresAt' | 'passwordHash' | 'maxDownloads'>
type SharedFile = { id: string; ownerId: string }

function endOf({ expiresInHours, expiresAt = null }: Pick<NewLink, 'expiresInHours' | 'expiresAt'>): string | null {
  if (expiresInHours === undefined) {
    if (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
      throw invalidField('expiresAt', 'past', 'This lies in the past.')
    return expiresAt
  }
  if (expiresAt !== null) throw contradiction('expiresInHours')
  return new Date(Date.now() + expiresInHours * 3_600_000).toISOString()
}

function namesSomebody({ userId, teamId, userIds = [], teamIds = [] }: NewShareOrLink): boolean {
  return userId !== undefined || teamId !== undefined || userIds.length > 0 || teamIds.length > 0
}

/** Whether a link is asked for. What holds for links only is refused beside people: it would protect nothing. */
function mustBeClear(wanted: NewShareOrLink): boolean {
  const isNamed = namesSomebody(wanted)
  const isLink = wanted.public ?? !isNamed
  if (!isLink && !isNamed) throw invalidField('public', 'nobody', 'Name somebody to share with, or make it public.')
  if (!isLink)
    for (const field of ['password', 'maxDownloads'] as const)
      if (wanted[field] !== undefined) throw invalidField(field, 'links_only', 'This is for links, and none is made.')
  if (!isNamed && wanted.permission !== undefined && wanted.permission !== 'READ')
    throw invalidField('permission', 'links_read', 'A link reads, and does nothing else.')
  return isLink
}
