// The page about the last whole mutation run.
import type { Proof } from '../../src/cli/isolation/index.ts'
import type { Mutant } from './mutants.ts'
import type { Outcome } from './run.ts'
import { SURVIVORS } from './survivors.ts'

const KINDS: Record<Mutant['kind'], string> = {
  policy: 'row security of a table',
  condition: 'a condition of a statement that binds it to a tenant or a person',
  refusal: 'a refusal of what is not there',
}

/** docs/reference/isolation.md. */
export function pageOf(outcomes: Outcome[], { coverage, operations, pairs }: Proof): string {
  const rows = Object.entries(KINDS).map(([kind, what]) => {
    const of = outcomes.filter((outcome) => outcome.kind === kind)
    const noticed = of.filter((outcome) => outcome.noticed !== undefined).length
    return `| ${what} | ${of.length} | ${noticed} | ${of.length - noticed} |`
  })
  const survivors = outcomes.filter(({ noticed }) => noticed === undefined)
  const explained = survivors.filter(({ name }) => name in SURVIVORS)
  const counted = outcomes.length - explained.length
  const share = ((outcomes.length - survivors.length) / counted) * 100
  return `# Isolation of tenants: the proof and its proof

Written by \`npm run test:mutations -- --write\`. [What is proven and how](../guide/isolation.md).

The proof covers ${coverage.places} places that bear an id in ${operations} operations, with ${pairs} pairs of requests, and names ${coverage.exceptions.length} exceptions:

${coverage.exceptions.map(({ place, reason }) => `- \`${place}\`: ${reason}`).join('\n')}

## What it notices

The isolation of tenants was broken in ${outcomes.length} ways, one at a time, and the proof was run on each:

| what was removed | mutants | noticed | survived |
|---|---|---|---|
${rows.join('\n')}

Of the ${counted} that open anything it noticed **${share.toFixed(1)} %**. The others survive for a reason:

${explained.map(({ name }) => `- \`${name}\`: ${SURVIVORS[name]}`).join('\n')}
`
}
