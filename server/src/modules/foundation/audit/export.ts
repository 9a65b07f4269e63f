// The trail as a file: entry by entry, as CSV that no spreadsheet takes for formulas, or as lines of JSON.
import { stringify } from 'csv-stringify/sync'
import type { AuditEntry } from './audit.schema.ts'

const COLUMNS = [
  'at',
  'actor',
  'actorId',
  'action',
  'targetType',
  'targetId',
  'changes',
  'ip',
  'requestId',
  'tokenId',
  'id',
  'chain',
  'seq',
  'hash',
] as const satisfies readonly (keyof AuditEntry)[]

interface Format {
  type: string
  /** What stands before the first entry. */
  head: string
  lines(entries: readonly AuditEntry[]): string
}

const csv = (rows: readonly (readonly unknown[])[]) =>
  stringify(rows as unknown[][], { escape_formulas: true, record_delimiter: 'windows' })

export const formats: Record<'csv' | 'ndjson', Format> = {
  // RFC 4180, and the mark by which spreadsheets know UTF-8.
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: `\uFEFF${csv([COLUMNS])}`,
    lines: (entries) =>
      csv(
        entries.map((entry) =>
          COLUMNS.map((column) => (column === 'changes' ? JSON.stringify(entry.changes ?? {}) : entry[column])),
        ),
      ),
  },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    lines: (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  },
}
