// The examination for people.
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

const WORDS: Record<Finding['state'], string> = { ok: 'ok', warn: 'warn', fail: 'FAIL' }
const INDENT = ' '.repeat(20)

export function reportOf({ version, findings, settings }: Examination, withSettings: boolean): string {
  const lines = findings.flatMap(({ check, state, says, mend }) => [
    `${WORDS[state].padEnd(6)}${check.padEnd(14)}${says}`,
    ...(mend === undefined ? [] : [`${INDENT}→ ${mend}`]),
  ])
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length
  const shown = withSettings && settings ? Object.entries(settings).map(([name, value]) => `${name}=${value}`) : []
  return [
    `Ashlar ${version}`,
    ...lines,
    `${count('fail')} to mend, ${count('warn')} to watch.`,
    ...(shown.length > 0 ? ['', ...shown] : []),
  ].join('\n')
}
