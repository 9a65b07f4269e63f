// Writes docs/reference/events.md from the catalogue of events; with --check, says whether it is current.
import { eventCatalogue } from '../server/src/app.ts'
import type { Audience, EventDefinition } from '../server/src/core/events.ts'
import { runGenerator } from './generated.ts'

const PAGE = 'docs/reference/events.md'

interface Field {
  type?: string | string[]
  enum?: string[]
  items?: Field
  description?: string
}

/** The page; throws where two events have one name. */
export function eventsPage(definitions: readonly EventDefinition[]): string {
  const sorted = definitions.toSorted((a, b) => a.name.localeCompare(b.name))
  const twice = sorted.find(({ name }, at) => sorted[at + 1]?.name === name)
  if (twice) throw new Error(`Two events are called ${twice.name}.`)
  const rows = sorted.map(
    (one) =>
      `| \`${one.name}\` | ${one.aggregate} | ${one.summary} | ${payloadOf(one)} | ${listeners(one.live)} | ${causes(one)} |`,
  )
  return `${[
    '# Events',
    '',
    '<!-- Written by `node tools/events-docs.ts` from the `*.events.ts` of the modules: do not edit. -->',
    '',
    'What the modules publish, in the transaction of what it tells of. How to listen: [the guide](../guide/events.md). The aggregate is what it happened',
    'to, by its id; events of one aggregate come in the order in which they were committed. *Heard by* says who receives the event on `GET /events`: anyone',
    'whom one of the conditions admits, at that moment, in the tenant of the event. *Follows* names the actions of the audit trail that are this fact.',
    '',
    '| event | aggregate | when | payload | heard by | follows |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`
}

function payloadOf({ schema }: EventDefinition): string {
  const { properties = {} } = schema as { properties?: Record<string, Field> }
  const fields = Object.entries(properties).map(([name, field]) =>
    [`\`${name}\`: ${typeOf(field)}`, field.description].filter(Boolean).join('. '),
  )
  return fields.join('<br>') || '–'
}

function typeOf({ type, enum: words, items }: Field): string {
  if (words) return words.map((word) => `\`${word}\``).join(', ')
  if (items) return `list of ${typeOf(items)}`
  return [type].flat().join(' or ')
}

function listeners(live: Audience | undefined): string {
  if (!live) return 'nobody'
  const inPerson = live.inPerson ? ', in person' : ''
  const conditions = [
    live.permission && `\`${live.permission}\``,
    live.level && { MEMBER: 'every member', ADMIN: 'owners and administrators', OWNER: 'owners' }[live.level],
    live.users && `the person concerned${inPerson}`,
    live.asked,
  ]
  return conditions.filter(Boolean).join('; ') || 'nobody'
}

function causes({ follows = {} }: EventDefinition): string {
  return (
    Object.keys(follows)
      .map((action) => `\`${action}\``)
      .join(', ') || '–'
  )
}

if (import.meta.main) runGenerator({ [PAGE]: eventsPage(eventCatalogue) })
