// The SQL of the access log: rows are added many at once, read by item, and forgotten by age.
import type { PagePlace, Placed } from '../../../core/page.ts'
import { bounds, countUpTo, type Executor, ordering, sql, where } from '../../../drivers/database/index.ts'

/** What an access was to. */
export interface Item {
  kind: 'folder' | 'file'
  itemId: string
}

export interface NewAccess extends Item {
  id: string
  action: 'view' | 'download'
  userId: string | null
  linkId: string | null
  ip: string
  userAgent: string
  accessedAt: Date
}

/** An account that went meanwhile is left out of its row, and the row of an item that went. */
export async function insert(db: Executor, rows: readonly NewAccess[]): Promise<void> {
  const column = <K extends keyof NewAccess>(key: K) => rows.map((row) => row[key])
  await db.run(sql`
    INSERT INTO content_accesses (id, kind, "itemId", action, "userId", "linkId", ip, "userAgent", "accessedAt", "seenAt")
    SELECT r.id, r.kind, r."itemId", r.action, u.id, r."linkId", r.ip, r."userAgent", r.at, r.at
    FROM unnest(${column('id')}::text[], ${column('kind')}::text[], ${column('itemId')}::text[], ${column('action')}::text[],
      ${column('userId')}::text[], ${column('linkId')}::text[], ${column('ip')}::text[], ${column('userAgent')}::text[],
      ${column('accessedAt').map((at) => at.toISOString())}::timestamptz[])
      AS r (id, kind, "itemId", action, "userId", "linkId", ip, "userAgent", at)
    LEFT JOIN users u ON u.id = r."userId"
    WHERE EXISTS (SELECT 1 FROM files f WHERE r.kind = 'file' AND f.id = r."itemId"
      UNION ALL SELECT 1 FROM folders f WHERE r.kind = 'folder' AND f.id = r."itemId")`)
}

export interface AccessRow {
  id: string
  action: 'view' | 'download'
  userId: string | null
  userName: string | null
  linkId: string | null
  ip: string
  userAgent: string
  accessedAt: Date
}

const ORDER = ordering({ column: sql`a."accessedAt"`, type: 'timestamptz' }, sql`a.id`, 'desc')
const OF = ({ kind, itemId }: Item) => [sql`a.kind = ${kind}`, sql`a."itemId" = ${itemId}`]

/** One page, the latest first. */
export function list(db: Executor, item: Item, place: PagePlace): Promise<(AccessRow & Placed)[]> {
  return db.query<AccessRow & Placed>(sql`
    SELECT a.id, a.action, a."userId", u.name AS "userName", a."linkId", a.ip, a."userAgent", a."accessedAt", ${ORDER.place}
    FROM content_accesses a LEFT JOIN users u ON u.id = a."userId"
    ${where([...OF(item), ORDER.past(place.after)])} ${ORDER.by} ${bounds(place)}`)
}

export function count(db: Executor, item: Item): Promise<number> {
  return countUpTo(db, sql`FROM content_accesses a ${where(OF(item))}`)
}

/** Makes a row of the access before its content is sent, in the transaction that lets it through. */
export async function insertDownload(
  db: Executor,
  {
    id,
    kind,
    itemId,
    linkId,
    client,
    ip,
    userAgent,
  }: Omit<NewAccess, 'action' | 'userId' | 'accessedAt'> & { client: string },
): Promise<void> {
  await db.run(sql`
    INSERT INTO content_accesses (id, kind, "itemId", action, "linkId", client, ip, "userAgent")
    VALUES (${id}, ${kind}, ${itemId}, 'download', ${linkId}, ${client}, ${ip}, ${userAgent})`)
}

/** How long after its beginning a download by a link may be gone on with: a player that is paused, a line that breaks. */
const GOING_ON_SECONDS = 3_600
/** How much of the content its later parts may be together. Where a line breaks, what was on its way is sent again. */
const GOING_ON_CONTENTS = 1.1

/** A client's part of a download by a link, and how large it is: 1 is the whole content. */
export interface Part {
  linkId: string
  client: string
  share: number
}

/** Shares are kept as time: "seenAt" moves on from the beginning, by the whole of the time for the whole of the content. */
const timeOf = (share: number) => sql`make_interval(secs => ${share * GOING_ON_SECONDS})`
const GOES_ON = ({ linkId, client, share }: Part) => sql`
  "linkId" = ${linkId} AND client = ${client} AND "accessedAt" > clock_timestamp() - ${timeOf(1)}
  AND "seenAt" + ${timeOf(share)} <= "accessedAt" + ${timeOf(GOING_ON_CONTENTS)}`

/** Whether a client has begun a download by a link that this part goes on with. */
export async function isInProgress(db: Executor, part: Part): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM content_accesses WHERE ${GOES_ON(part)} LIMIT 1`)) !== undefined
}

/** Goes on with such a download; answers which, undefined where there is none. The caller has locked the link. */
export async function goOn(db: Executor, part: Part): Promise<string | undefined> {
  const row = await db.one<{ id: string }>(sql`
    UPDATE content_accesses SET "seenAt" = "seenAt" + ${timeOf(part.share)}
    WHERE id = (SELECT id FROM content_accesses WHERE ${GOES_ON(part)} ORDER BY "accessedAt" DESC LIMIT 1) RETURNING id`)
  return row?.id
}

/** Takes back what of a part was never sent. */
export async function giveBack(db: Executor, id: string, share: number): Promise<void> {
  await db.run(sql`UPDATE content_accesses SET "seenAt" = "seenAt" - ${timeOf(share)} WHERE id = ${id}`)
}

export function forget(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM content_accesses WHERE id IN (
      SELECT id FROM content_accesses WHERE "accessedAt" < now() - make_interval(secs => ${seconds}) LIMIT ${batch})`)
}
