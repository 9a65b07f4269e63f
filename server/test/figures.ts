// What the fault experiments find, for the page of them: one line of JSON for each figure, where somebody collects them.
import { appendFileSync } from 'node:fs'

/** What a figure is to be; one without a target says how much was tried. */
export interface Target {
  is?: number
  atMost?: number
  atLeast?: number
}

export interface Figure extends Target {
  /** E1 to E12. */
  experiment: string
  fault: string
  /** With its unit. */
  what: string
  value: number
}

/** Hands the figures of one fault to `npm run test:faults`; does nothing in other runs. Before the assertions, so that a miss is told too. */
export function report(
  experiment: string,
  fault: string,
  figures: Record<string, [value: number, target?: Target]>,
): void {
  const file = process.env.FAULTS_REPORT
  if (!file) return
  const lines = Object.entries(figures).map(([what, [value, target]]) =>
    JSON.stringify({ experiment, fault, what, value, ...target } satisfies Figure),
  )
  appendFileSync(file, `${lines.join('\n')}\n`)
}
