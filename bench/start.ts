// How long the command takes to its first answer: on an empty directory, and again.
import type { Report } from './report.ts'
import type { Bench } from './servers.ts'

export async function measureStart(bench: Bench, report: Report): Promise<void> {
  const begin = await bench.embedded()
  report.facts.push({ what: 'first start on an empty directory', value: await begin(), unit: 's', target: 3 })
  report.facts.push({ what: 'second start', value: await begin(), unit: 's', target: 1.5 })
}
