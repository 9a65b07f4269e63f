// What HaloLight's front ends call the fields of shares and links, in both directions.
import { invalidField } from '../../../core/errors.ts'
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

/** Levels that give what ours by another name gives: whoever may view a file may read it. */
const LEVELS: Record<string, string> = { VIEW: 'READ', DOWNLOAD: 'READ' }

/** A month. A number beyond is taken for seconds, and refused: a link must not live longer than its maker thinks. */
const MOST_HOURS = 720

/** `expiresIn` counts hours, as the front end's form does. */
export function acceptShares({ operation }: Route, part: 'body' | 'query', sent: Json): void {
  if (operation === 'files.accessLogs' && part === 'query') sent.limit ??= '20'
  if (operation !== 'files.shareOrLink' || part !== 'body') return
  if (typeof sent.permission === 'string') {
    const level = sent.permission.toUpperCase()
    sent.permission = LEVELS[level] ?? level
  }
  rename(sent, 'expiresIn', 'expiresInHours', mustBeHours)
  rename(sent, 'maxAccessCount', 'maxDownloads')
  rename(sent, 'expiresInDays', 'expiresInHours', (days) => (typeof days === 'number' ? days * 24 : days))
  for (const key of ['userId', 'teamId', 'expiresInHours', 'maxDownloads'])
    if (sent[key] === '' || sent[key] === null) delete sent[key]
}

function mustBeHours(value: unknown): unknown {
  if (typeof value === 'number' && value > MOST_HOURS)
    throw invalidField(
      'expiresIn',
      'too_long',
      `This counts hours, ${MOST_HOURS} at most. For longer send expiresInDays.`,
    )
  return value
}

/** `expires_in` is the same field: only keys of the schema are respelled before this. */
function rename(sent: Json, key: string, ours: string, change = (value: unknown) => value): void {
  const theirs = [key, key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)].find(
    (one) => sent[one] !== undefined,
  )
  if (theirs === undefined) return
  sent[ours] ??= change(sent[theirs])
  delete sent[theirs]
}

/** The same facts under the names that are read there, beside ours. */
export function presentShares({ operation }: Route, answer: Json): Json {
  if (operation === 'files.shareOrLink') return presentShare(answer)
  return operation === 'files.shares' ? { ...answer, data: (answer.data as Json[]).map(presentShare) } : answer
}

function presentShare(share: Json): Json {
  const { downloads, maxDownloads, state, token = null, url = null } = share
  const names = { shareToken: token, shareUrl: url, accessCount: downloads, maxAccessCount: maxDownloads }
  return { ...share, ...names, isRevoked: state === 'revoked' }
}
