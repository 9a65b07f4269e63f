// A tool that reads the calendar of whoever asks.
import Type from 'typebox'
import type { Calendar } from '../../calendar/index.ts'
import { defineTool } from '../tools.ts'

const MOST = 50
const MOMENT = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2})$'

export function listCalendarTool(calendar: Pick<Calendar, 'list'>) {
  const moment = (description: string) => Type.String({ pattern: MOMENT, maxLength: 40, description })
  return defineTool({
    name: 'list_calendar',
    description: "Lists what takes place in the person's calendar between two points in time, in order.",
    permission: 'calendar:view',
    input: Type.Object(
      {
        start: moment('ISO 8601 with offset, such as 2026-11-21T00:00:00Z.'),
        end: moment('The same; at most two years later.'),
      },
      { additionalProperties: false },
    ),
    async run(actor, { start, end }) {
      const { data, meta } = await calendar.list(actor, { start, end, limit: MOST })
      const events = data.map((event) => ({
        title: event.title,
        start: event.start,
        end: event.end,
        allDay: event.allDay,
        location: event.location,
      }))
      return { output: { total: meta.total, events } }
    },
  })
}
