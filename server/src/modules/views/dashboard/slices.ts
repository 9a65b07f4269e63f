// What content types are called together.
import type { Slice } from './dashboard.schema.ts'
import type { TypeRow } from './figures.queries.ts'

const TEXTS = /^(text\/|application\/(pdf|json|xml|rtf|msword|vnd\.(openxmlformats|ms-|oasis)))/
const ARCHIVES = /^application\/(zip|gzip|x-(7z|rar|tar|gzip|bzip2?|xz)|vnd\.rar)/

function nameOf({ kind, type }: TypeRow): string {
  if (kind === 'document') return 'documents'
  const [family = ''] = type.split('/')
  if (family === 'image' || family === 'video' || family === 'audio') return family
  if (TEXTS.test(type)) return 'text'
  return ARCHIVES.test(type) ? 'archive' : 'other'
}

/** The largest first. */
export function slicesOf(rows: readonly TypeRow[]): Slice[] {
  const sums = new Map<string, number>()
  for (const row of rows) sums.set(nameOf(row), (sums.get(nameOf(row)) ?? 0) + row.items)
  return [...sums]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
}
