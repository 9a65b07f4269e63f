// The page of a walk: how many of which status for whom, and the figures beside their targets.
import { SLOW_MS, type Walked } from './walk.ts'
import { ROLES } from './world.ts'

export function pageOf(walked: Walked): string {
  const { count, seed, seconds, operations, untried, succeeded, faults, slowestMs, growth, holes, statuses } = walked
  const all = [...new Set(ROLES.flatMap((role) => [...statuses[role].keys()]))].sort((a, b) => a - b)
  const failures = all
    .filter((status) => status >= 500)
    .flatMap((status) => ROLES.map((role) => statuses[role].get(status) ?? 0))
  const target = (what: string, figure: string, wanted: string, met: boolean) =>
    `| ${what} | ${met ? `**${figure}**` : `${figure} (missed)`} | ${wanted} |`
  return `# Fuzzing

Written by \`npm run test:fuzz -- --write\`: hostile requests to every operation of both OpenAPI documents, as nobody, as a member of a tenant with the
role that everybody has, and as its owner (of the back office: as one of its administrators). Each operation gets its own example first, so that
answers of success are looked at too, and then values of wrong types, out of range, too long, too deep or of odd Unicode in every field, parameter
and header, broken and foreign bodies, and addresses that nobody should send. Every answer is compared with what the document says of its
status: an undocumented status, another content type or a body outside its schema is a fault. \`npm run test:fuzz -- --seed ${seed} --requests ${count}\` sends the
same again.

| what | figure | target |
|---|---|---|
${[
  target('requests', count.toLocaleString('en'), '≥ 50,000', count >= 50_000),
  target('operations tried', `${operations - untried.length} of ${operations}`, 'all', untried.length === 0),
  target(
    'answers 5xx',
    String(failures.reduce((sum, one) => sum + one, 0)),
    '0',
    failures.every((one) => one === 0),
  ),
  target(
    'faults of any kind: 5xx, slow, undocumented status or type, outside the schema',
    String(faults.length),
    '0',
    faults.length === 0,
  ),
  target(
    'the slowest answer',
    `${Math.round(slowestMs)} ms`,
    `≤ ${SLOW_MS.toLocaleString('en')} ms`,
    slowestMs <= SLOW_MS,
  ),
  growth === undefined
    ? '| growth of the heap | (one round only) | ≤ 20 % |'
    : target(
        'growth of the heap after garbage collection, first round to last',
        `${(growth * 100).toFixed(1)} %`,
        '≤ 20 %',
        growth <= 0.2,
      ),
].join('\n')}

${succeeded} of ${operations} operations answered at least one request with what it asked for. ${
    holes.length === 0
      ? 'No value reached PostgreSQL that it refused.'
      : `Values that reached PostgreSQL, which refused them (an answer 409 or 422): ${holes.slice(0, 10).join('; ')}.`
  } It took ${Math.round(seconds)} s, seed ${seed}.

| status | ${ROLES.join(' | ')} |
|---|${ROLES.map(() => '---|').join('')}
${all.map((status) => `| ${status} | ${ROLES.map((role) => (statuses[role].get(status) ?? 0).toLocaleString('en')).join(' | ')} |`).join('\n')}
`
}
