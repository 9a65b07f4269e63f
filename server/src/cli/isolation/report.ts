// What a person reads of a proof.

import type { Finding } from './findings.ts'
import type { Proof } from './index.ts'

const WHAT: Record<Finding['what'], string> = {
  differs: 'an id of the other tenant is answered otherwise than an id of nothing',
  accepted: 'a write with an id of the other tenant succeeds',
  failed: 'the server failed',
  leaks: 'an answer names something of the other tenant',
}

const LABELS = ['foreign id', 'id of nothing']

/** The proof as text: the verdict last, findings whole. */
export function reportOf(proof: Proof): string {
  const { coverage, findings, pairs, operations, changedTables, repeated, seconds, medianDifferenceMs } = proof
  const percent = (coverage.places / (coverage.places + coverage.gaps.length)) * 100
  return [
    ...coverage.exceptions.map(({ place, reason }) => `exception  ${place}: ${reason}`),
    ...coverage.gaps.map(({ place, why }) => `gap        ${place}: ${why}`),
    ...findings.map(findingText),
    '',
    `${operations} operations, ${coverage.places + coverage.exceptions.length + coverage.gaps.length} places that bear an id`,
    `${coverage.places} covered (${percent.toFixed(percent === 100 ? 0 : 1)} % of all but ${coverage.exceptions.length} named exceptions)`,
    `${pairs} pairs of requests in ${seconds.toFixed(1)} s; the foreign id took ${medianDifferenceMs.toFixed(2)} ms more in the median`,
    ...(repeated.waited + repeated.failed > 0
      ? [`${repeated.waited} requests had to wait, ${repeated.failed} failed and were repeated`]
      : []),
    ...(proof.backOffice
      ? []
      : ['the back office was not entered: ADMIN_EMAIL and ADMIN_PASSWORD name an account of it']),
    `${proof.ownWrites} writes of every kind to one’s own`,
    rowsText(changedTables),
    proof.holds ? 'Isolation holds.' : 'Isolation is NOT proven.',
  ].join('\n')
}

function rowsText(changedTables: string[] | undefined): string {
  if (changedTables === undefined) return 'rows of the other tenant were not compared: DATABASE_URL is not set'
  return changedTables.length
    ? `rows of the other tenant CHANGED in ${changedTables.join(', ')}`
    : 'rows of the other tenant: all as before'
}

function findingText({ places, asker, what, request, answers }: Finding): string {
  const body = request.body === undefined ? '' : `\n  ${request.body}`
  return [
    `finding    ${WHAT[what]}`,
    `  ${places.join(', ')}; asked by: ${asker}`,
    `  ${request.method} ${request.path}${body}`,
    ...answers.map((answer, at) => `  ${answers.length > 1 ? LABELS[at] : 'the answer'}: ${indented(answer)}`),
  ].join('\n')
}

function indented(answer: string): string {
  return answer.replaceAll('\n', '\n    ')
}
