// docs/reference/faults.md: a row for each figure beside its target. Rows of experiments that were not run stay.
import type { Figure } from '../../server/test/figures.ts'
import { EXPERIMENTS } from './experiments.ts'

const TITLE = '# Fault experiments'

export function isMet({ value, is, atMost, atLeast }: Figure): boolean {
  return (
    (is === undefined || value === is) &&
    (atMost === undefined || value <= atMost) &&
    (atLeast === undefined || value >= atLeast)
  )
}

export function targetOf({ is, atMost, atLeast }: Figure): string {
  if (is !== undefined) return shown(is)
  if (atMost !== undefined) return `≤ ${shown(atMost)}`
  return atLeast === undefined ? '' : `≥ ${shown(atLeast)}`
}

export function shown(value: number): string {
  if (!Number.isFinite(value)) return 'never'
  return Number.isInteger(value) || value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

export function rowOf(figure: Figure): string {
  const target = targetOf(figure)
  const verdict = target === '' ? '' : isMet(figure) ? 'met' : '**missed**'
  return `| ${[figure.experiment, figure.fault, figure.what, target, shown(figure.value), verdict].join(' | ')} |`
}

/** The page with these figures, and the rows that the page before had of other experiments. */
export function render(figures: readonly Figure[], machine: string, before = ''): string {
  const run = new Set(figures.map(({ experiment }) => experiment))
  const kept = before.split('\n').filter((line) => /^\| E\d+ \|/.test(line))
  const rows = EXPERIMENTS.flatMap(({ id }) =>
    run.has(id)
      ? figures.filter(({ experiment }) => experiment === id).map(rowOf)
      : kept.filter((line) => line.startsWith(`| ${id} |`)),
  )
  const open = EXPERIMENTS.map(({ id }) => id).filter((id) => !rows.some((row) => row.startsWith(`| ${id} |`)))
  const unrun =
    open.length === 0
      ? ''
      : `\nNot yet run at full size for this page: ${open.join(', ')}; \`npm test\` runs them short.\n`
  const notes = EXPERIMENTS.map(({ id, title, note, tests }) => {
    const files = tests.map((test) => `\`${test}\``).join(', ')
    return `- **${id}, ${title}** (${files}).${note === undefined ? '' : ` ${note}`}`
  })
  return `${TITLE}

Written by \`npm run test:faults -- --write\`, which runs every experiment at its full size, or what its note says, on ${machine}.
\`--only E3\` runs one of them, \`--quick\` all of them as short as \`npm test\` does, of which they are a part. Whole processes, real servers, real volumes and real
signals; counts are exact, times belong to the machine and to what else it did: with a load above
its number of cores they say little. A figure without a target says how much was tried.

| | fault | figure | target | found | |
|---|---|---|---|---|---|
${rows.join('\n')}
${unrun}
What they are, and what they do not show:

${notes.join('\n')}
`
}
