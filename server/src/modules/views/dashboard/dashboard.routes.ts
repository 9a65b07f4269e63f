// The dashboard over HTTP.
import type { TSchema } from 'typebox'
import type { UserActor } from '../../../core/actor.ts'
import { type Route, route } from '../../../drivers/http/index.ts'
import { Activities, Orders, Overview, Pie, Products, Sales, Stats, Tasks, Visits } from './dashboard.schema.ts'
import type { Dashboard } from './dashboard.service.ts'

type Name = Exclude<keyof Dashboard, 'count' | 'defineJobs'>

const ROUTES: Record<Name, { answer: TSchema; summary: string; description: string; errors?: readonly string[] }> = {
  stats: {
    answer: Stats,
    summary: 'Read the figures of the tenant',
    description: 'Exact figures. What the viewer lacks the permission to see is null.',
  },
  visits: {
    answer: Visits,
    summary: 'Count sign-ins and operations of the last seven days',
    description: 'Days are in UTC, today comes last. Empty without `analytics:view`.',
  },
  sales: {
    answer: Sales,
    summary: 'Count what was made and shared in the last six months',
    description: 'Of what the viewer can open: of each way to it up to 10,000 items, and all where they manage them.',
  },
  products: {
    answer: Products,
    summary: 'List the documents that are looked at the most',
    description: 'Of those that the viewer can open.',
  },
  orders: {
    answer: Orders,
    summary: 'List the newest files',
    description: 'Of those that the viewer can open.',
  },
  activities: {
    answer: Activities,
    summary: 'List what was done lately',
    description:
      "With `audit:view` whatever was done in the tenant; without, the viewer's own deeds and what was done to the documents, " +
      'files and folders that they can open, of each the fifty that changed last.',
  },
  pie: {
    answer: Pie,
    summary: 'Count files by type, and documents',
    description: 'Of what the viewer can open: of each way to it up to 10,000 items, and all where they manage them.',
  },
  tasks: {
    answer: Tasks,
    summary: "List one's tasks",
    description:
      "Events of the type `task` in the viewer's calendar, 20 of them: what is running or comes within a month in order, and then what was over within a week, the latest first.",
    errors: ['calendar.range_too_full'],
  },
  overview: {
    answer: Overview,
    summary: 'Read how busy the server is',
    description:
      'Of the process that answers. Null without `settings:view`, and in every tenant but the first: the machine works for all of them.',
  },
}

export function dashboardRoutes(dashboard: Dashboard): Route[] {
  return Object.entries(ROUTES).map(([name, { answer, summary, description, errors = [] }]) => {
    const read: (actor: UserActor) => Promise<unknown> = dashboard[name as Name]
    return route({
      method: 'GET',
      path: `/dashboard/${name}`,
      operation: `dashboard.${name}`,
      access: 'dashboard:view',
      summary,
      description,
      answer,
      errors,
      handle: async ({ actor }) => {
        const found = await read(actor)
        return Array.isArray(found) ? { data: found } : found
      },
    })
  })
}
