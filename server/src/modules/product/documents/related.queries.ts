// Documents that have to do with a question: any of its words, through the doors of whoever asks.
import { type Executor, sql, where } from '../../../drivers/database/index.ts'
import { doorsOf, type Reader } from './listing.queries.ts'

export interface Related {
  id: string
  title: string
  /** The text around the first of the words. */
  passage: string
}

/** How many matches of one word are looked at. */
const MATCHES = 200

/** Those that hold the most of the words, the best first. */
export function related(db: Executor, words: readonly string[], reader: Reader, limit: number): Promise<Related[]> {
  return db.query<Related>(sql`
    SELECT d.id, d.title, substr(d.content, GREATEST(COALESCE((
        SELECT min(place) FROM unnest(${words}::text[]) AS w (word), strpos(lower(left(d.content, 200000)), w.word) AS place
        WHERE place > 0), 1) - 300, 1), 1600) AS passage
    FROM (
      SELECT found.id, count(*) AS hits, sum(found.rank) AS rank
      FROM unnest(${words}::text[]) AS w (word), search_documents(w.word, ${doorsOf(reader)}, ${MATCHES}) AS found
      GROUP BY found.id
    ) AS best JOIN documents d ON d.id = best.id
    ${where([sql`d."deletedAt" IS NULL`, reader.reach.condition])}
    ORDER BY best.hits DESC, best.rank DESC, d.id LIMIT ${limit}`)
}
