// Links that work by themselves, without a header: sealed, for one thing, for five minutes, and only as long as the right they came from.
import type { UserActor } from '../../../core/actor.ts'
import type { Clock } from '../../../core/clock.ts'
import { grantFor, type Permission } from '../../../core/permission.ts'
import type { Sealer } from '../../../drivers/sealing/index.ts'
import { accessErrors } from './access.errors.ts'

export interface LinkParts {
  sealer: Sealer
  clock: Clock
  /** Whoever a link was made for, as of now; undefined where they may not come in any more. */
  actorOf(userId: string, tenantId: string, sessionId: string): Promise<UserActor | undefined>
}

/** What a link leads to: one thing of one kind. */
export interface LinkTarget {
  /** `file`, `folder`: a link to one opens no other. */
  what: string
  id: string
}

export interface MadeLink {
  token: string
  expiresAt: string
  expiresIn: number
}

export interface SignedLinks {
  /** Throws `content.link_needs_session` for whoever has no session that the link could end with. */
  make(actor: UserActor, target: LinkTarget): MadeLink
  /** The same, or the one before while half of its time is left: pages that show it again need no other one. */
  reuse(actor: UserActor, target: LinkTarget): MadeLink
  /**
   * Opens it for the person it was made for, who still needs the permission, and their right to the thing. Throws
   * `content.link_invalid`, also where the work finds that there is nothing.
   */
  open<T>(token: string, target: LinkTarget, permission: Permission, work: (actor: UserActor) => Promise<T>): Promise<T>
}

interface Said {
  what: string
  id: string
  tenantId: string
  userId: string
  sessionId: string
  endsAt: number
}

const LINK_SECONDS = 300
const REUSED_SECONDS = LINK_SECONDS / 2
const KEPT = 10_000
const CONTEXT = 'download link'

export function createSignedLinks({ sealer, clock, actorOf }: LinkParts): SignedLinks {
  const kept = new Map<string, MadeLink>()

  function make({ tenantId, userId, sessionId }: UserActor, target: LinkTarget): MadeLink {
    if (sessionId === undefined) throw accessErrors('content.link_needs_session')
    const endsAt = clock.now() + LINK_SECONDS * 1_000
    const said: Said = { ...target, tenantId, userId, sessionId, endsAt }
    const expiresAt = new Date(endsAt).toISOString()
    return { token: sealer.seal(JSON.stringify(said), CONTEXT), expiresAt, expiresIn: LINK_SECONDS }
  }

  function read(token: string): Said | undefined {
    try {
      return JSON.parse(sealer.open(token, CONTEXT))
    } catch {
      return undefined
    }
  }

  return {
    make,

    reuse(actor, target) {
      const key = [target.what, target.id, actor.tenantId, actor.sessionId].join(' ')
      const known = kept.get(key)
      const left = known ? Math.floor((Date.parse(known.expiresAt) - clock.now()) / 1_000) : 0
      if (known && left > REUSED_SECONDS) return { ...known, expiresIn: left }
      const made = make(actor, target)
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(key, made)
      return made
    },

    async open(token, { what, id }, permission, work) {
      const said = read(token)
      const isRight = said && said.what === what && said.id === id && said.endsAt > clock.now()
      const actor = isRight ? await actorOf(said.userId, said.tenantId, said.sessionId) : undefined
      if (!actor || !grantFor(actor.permissions, permission)) throw accessErrors('content.link_invalid')
      try {
        return await work(actor)
      } catch (error) {
        const { code } = error as { code?: string }
        throw code?.endsWith('.not_found') ? accessErrors('content.link_invalid') : error
      }
    },
  }
}
