// Links in the hands of anybody: what one shows, unlocking it, and downloads that are counted exactly.
import { createHash } from 'node:crypto'
import { anonymous, type UserActor } from '../../../../core/actor.ts'
import type { Problem } from '../../../../core/errors.ts'
import { hashOfSecret, newId } from '../../../../core/ids.ts'
import { Download, networkOf, type RequestFacts } from '../../../../drivers/http/index.ts'
import { giveBack, goOn, insertDownload, isInProgress, type Part } from '../../accesslog/index.ts'
import { kindOf, type Opened, opening } from '../../files/index.ts'
import { linkErrors } from '../links.errors.ts'
import * as queries from '../links.queries.ts'
import type { LinkPass, SharedFile } from '../links.schema.ts'
import { type LinkParts, mayShare, spelled } from './parts.ts'

export interface Using {
  /** What the link shows. Throws `links.not_found` for one that has ended, whatever ended it, as for one that never was. */
  look(opener: Opener, facts: RequestFacts): Promise<SharedFile>
  /** A pass for the right password, by which the content is read for an hour. Wrong ones are counted by link and source. */
  unlock(token: string, password: string, facts: RequestFacts): Promise<LinkPass>
  /** The content. It is counted once it is there to be sent; who goes on with a download is not counted again. */
  content(opener: Opener, asked: Asked, facts: RequestFacts): Promise<Download>
}

export interface Opener {
  token: string
  pass: string | undefined
}

type Asked = Parameters<LinkParts['files']['open']>[2]['asked']

interface Open {
  row: queries.LinkRow
  /** Whoever made it, as of now. */
  maker: UserActor
}

interface Pass {
  id: string
  endsAt: number
}

const PASS_SECONDS = 3_600

export function createUsing(parts: LinkParts): Using {
  const { database, clock, sealer, tenants, access, accessLog, files, options } = parts
  const guess = createGuessing(parts)
  const context = ({ id }: queries.LinkRow) => `pass of link ${id}`

  async function find(token: string): Promise<Open> {
    if (!options.publicLinks || !/^[\w-]{43}$/.test(token)) throw linkErrors('links.not_found')
    const hash = hashOfSecret(token)
    const row = await database.acrossTenants('a link by its secret', (tx) => queries.findByHash(tx, hash))
    if (!row) throw linkErrors('links.not_found')
    const { publicLinks } = await tenants.settingsOf(row.tenantId)
    const maker = publicLinks ? await parts.memberOf(row.createdById, row.tenantId) : undefined
    const isRight = maker && (await mayShare(access, database.tenant(row.tenantId), maker, row.itemId))
    if (!isRight) throw linkErrors('links.not_found')
    return { row, maker }
  }

  /** The file as its maker reads it; where that fails, the link has ended. */
  async function open({ row, maker }: Open, asked: Asked): Promise<Opened> {
    try {
      return await files.open(maker, row.itemId, { asked, inline: false })
    } catch (error) {
      const { kind } = error as Problem
      throw kind === 'not_found' || kind === 'forbidden' ? linkErrors('links.not_found') : error
    }
  }

  function readPass(row: queries.LinkRow, sealed: string | undefined): Pass | undefined {
    if (sealed === undefined) return undefined
    try {
      const pass: Pass = JSON.parse(sealer.open(sealed, context(row)))
      return pass.endsAt > clock.now() ? pass : undefined
    } catch {
      return undefined
    }
  }

  /**
   * Counts the download and notes it, or finds the one that it goes on with and answers which: as one, so that a limit holds
   * however many come at once.
   */
  async function letThrough(
    row: queries.LinkRow,
    part: Part,
    isLater: boolean,
    facts: RequestFacts,
  ): Promise<string | undefined> {
    const { id: linkId, tenantId, kind, itemId } = row
    const { ip, userAgent } = facts
    return database.inTenant(tenantId, async (tx) => {
      if (!(await queries.lock(tx, linkId))) throw linkErrors('links.not_found')
      const begun = isLater ? await goOn(tx, part) : undefined
      if (begun !== undefined) return begun
      if (!(await queries.count(tx, linkId))) throw linkErrors('links.not_found')
      await insertDownload(tx, { id: newId(), kind, itemId, linkId, client: part.client, ip, userAgent })
      return undefined
    })
  }

  return {
    async look({ token, pass }, { ip, userAgent }) {
      const link = await find(token)
      const { row } = link
      if (row.state !== 'active') throw linkErrors('links.not_found')
      const { name, size, mimeType } = await open(link, {})
      const { id: linkId, tenantId, kind, itemId } = row
      accessLog.noteOnce(tenantId, { kind, itemId, linkId, action: 'view', ip, userAgent })
      const needsPassword = row.passwordHash !== null && !readPass(row, pass)
      const about = needsPassword
        ? { name: null, size: null, mimeType: null, type: null }
        : { name, size, mimeType, type: kindOf(mimeType) }
      return { ...about, needsPassword, expiresAt: row.expiresAt?.toISOString() ?? null }
    },

    async unlock(token, password, facts) {
      const { row } = await find(token)
      if (row.state !== 'active') throw linkErrors('links.not_found')
      if (row.passwordHash !== null && !(await guess(row, row.passwordHash, password, facts)))
        throw linkErrors('links.wrong_password')
      const endsAt = clock.now() + PASS_SECONDS * 1_000
      const said: Pass = { id: newId(), endsAt }
      const pass = sealer.seal(JSON.stringify(said), context(row))
      return { pass, expiresAt: new Date(endsAt).toISOString(), expiresIn: PASS_SECONDS }
    },

    async content({ token, pass: sealed }, asked, facts) {
      const link = await find(token)
      const { row } = link
      const pass = readPass(row, sealed)
      const client = clientOf(row, pass, facts)
      const isEntering = row.passwordHash === null || pass !== undefined
      if (!isEntering && row.state === 'active') throw linkErrors('links.password_required')
      const { download, isLater, share } = await open(link, asked)
      const db = database.tenant(row.tenantId)
      const { status, headers } = download
      const part = { linkId: row.id, client, share }
      const isGoingOn = () => isLater && isEntering && isInProgress(db, part)
      if (row.state !== 'active' && !(await isGoingOn())) throw linkErrors('links.not_found')
      let begun: string | undefined
      const { open: send } = opening(download, async () => {
        begun = await letThrough(row, part, isLater, facts)
      })
      const counted = async () => {
        const content = await send!()
        const id = begun
        if (id === undefined) return content
        const length = Number(headers['content-length'])
        return measured(content, length, (left) => giveBack(db, id, (share * left) / length))
      }
      return new Download(status, { ...headers, 'cache-control': 'no-store' }, send && counted)
    },
  }
}

/** The content; what of so many bytes nobody took is told when it ends. */
async function* measured(
  content: AsyncIterable<Uint8Array>,
  bytes: number,
  untaken: (left: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let left = bytes
  try {
    for await (const chunk of content) {
      left -= chunk.length
      yield chunk
    }
  } finally {
    // Lost where it cannot be written: then the client has that much less to go on with.
    if (left > 0) await untaken(left).catch(() => undefined)
  }
}

/** Who downloads, as a hash: by their pass, or else by where and with what they are. */
function clientOf({ id }: queries.LinkRow, pass: Pass | undefined, { ip, userAgent }: RequestFacts): string {
  const who = pass ? pass.id : `${networkOf(ip)}\n${userAgent}`
  return createHash('sha256').update(`${id}\n${who}`).digest('base64url')
}

/** A function that compares a password, unless too many were wrong: from this source, or from all together. */
function createGuessing({ database, audit, throttle, hashing }: LinkParts) {
  return async (row: queries.LinkRow, hash: string, password: string, facts: RequestFacts): Promise<boolean> => {
    const { id: linkId, tenantId, itemId } = row
    const verify = () => hashing.verify(spelled(password), hash)
    const onLock = () =>
      database.inTenant(tenantId, async (tx) => {
        const deed = { action: 'files.link_locked', targetType: 'file', targetId: itemId, changes: { linkId } }
        audit.record(tx, anonymous, deed, facts)
      })
    try {
      const source = `${linkId} ${networkOf(facts.ip)}`
      return await throttle.attempt(source, () => throttle.attempt(linkId, verify, 'wholeLink', onLock), 'link', onLock)
    } catch (error) {
      const { code, retryAfter } = error as Problem
      if (code !== 'auth.locked' && code !== 'auth.too_many_attempts') throw error
      throw linkErrors('links.locked', retryAfter === undefined ? {} : { retryAfter })
    }
  }
}
