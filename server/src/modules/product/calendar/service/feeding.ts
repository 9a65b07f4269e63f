// What a feed says, made piece by piece: others get their turn between, however much it is.
import { createHash } from 'node:crypto'
import { setImmediate as pause } from 'node:timers/promises'
import type { EventRow, OverrideRow } from '../calendar.queries.ts'
import { CLOSING, eventPieces, openingOf, type Sheet } from '../ical/calendar.ts'
import { describing } from '../ical/describing.ts'

export interface FeedContent {
  pieces: Buffer[]
  etag: string
}

/** How many characters the descriptions in one feed have: what comes after has none. */
const MAX_DESCRIBED = 5_000_000
const READ_AT_ONCE = 50
/** After so many milliseconds others get a turn. */
const TURN_MS = 10
/** What goes out at once: small pieces are put together. */
const PIECE_CHARACTERS = 64 * 1_024

export async function feedContent(
  rows: readonly EventRow[],
  overridesOf: (ids: readonly string[]) => Promise<OverrideRow[]>,
  sheet: Sheet,
): Promise<FeedContent> {
  const hash = createHash('sha256')
  const pieces: Buffer[] = []
  let text = ''
  let turn = performance.now()
  const put = (): void => {
    const piece = Buffer.from(text)
    hash.update(piece)
    pieces.push(piece)
    text = ''
  }
  for await (const one of textOf(rows, overridesOf, sheet)) {
    text += one
    if (text.length > PIECE_CHARACTERS) put()
    if (performance.now() - turn < TURN_MS) continue
    await pause()
    turn = performance.now()
  }
  put()
  return { pieces, etag: `"${hash.digest('base64url').slice(0, 22)}"` }
}

async function* textOf(
  rows: readonly EventRow[],
  overridesOf: (ids: readonly string[]) => Promise<OverrideRow[]>,
  sheet: Sheet,
): AsyncGenerator<string> {
  yield* openingOf(rows, sheet)
  const described = describing(MAX_DESCRIBED)
  for (let at = 0; at < rows.length; at += READ_AT_ONCE) {
    const some = rows.slice(at, at + READ_AT_ONCE)
    const series = some.filter(({ rule }) => rule !== null).map(({ id }) => id)
    const overrides = Map.groupBy(series.length ? await overridesOf(series) : [], ({ eventId }) => eventId)
    for (const row of some) yield* eventPieces(described({ row, overrides: overrides.get(row.id) ?? [] }), sheet)
  }
  yield CLOSING
}
