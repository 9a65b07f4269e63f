// What descriptions take in a calendar: an instance that differs repeats its series', and sums grow large.
import type { Entry } from './calendar.ts'

/** Takes descriptions away from when they are more than so many characters in all. */
export function describing(max: number): <E extends Entry>(entry: E) => E {
  let left = max
  const fitting = (description: string | null): string | null => {
    left -= description?.length ?? 0
    return left < 0 ? null : description
  }
  return (entry) => ({
    ...entry,
    row: { ...entry.row, description: fitting(entry.row.description) },
    overrides: entry.overrides.map((one) => {
      const { description = entry.row.description } = one.changes
      return { ...one, changes: { ...one.changes, description: fitting(description) } }
    }),
  })
}
