// Tasks: events of that type in the viewer's own calendar.
import type { Task } from './dashboard.schema.ts'

export interface TaskEvent {
  id: string
  title: string
  description: string | null
  start: string
  end: string
}

export const DAY_MS = 86_400_000

/** What was due within a week, and what comes within a month. */
export function windowsOf(now: number) {
  const at = (days: number) => new Date(now + days * DAY_MS).toISOString()
  return { over: { start: at(-7), end: at(0) }, open: { start: at(0), end: at(30) } }
}

export function taskOf({ id, title, description, start, end }: TaskEvent, now: number): Task {
  const status = Date.parse(end) <= now ? 'done' : Date.parse(start) <= now ? 'in_progress' : 'pending'
  return { id, title, description, status, dueDate: end }
}
