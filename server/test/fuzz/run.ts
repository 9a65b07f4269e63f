// `npm run test:fuzz`: the whole walk with hostile requests, on a database of its own.
//
//   npm run test:fuzz                            50,000 requests
//   npm run test:fuzz -- --seed 7 --requests 90000  others, and more of them
//   npm run test:fuzz -- --write                 and writes docs/reference/fuzz.md
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { provideDatabase } from '../../../tools/test-database.ts'
import { pageOf } from './page.ts'
import { walk } from './walk.ts'

const PAGE = resolve(import.meta.dirname, '../../../docs/reference/fuzz.md')

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '50000' },
    write: { type: 'boolean', default: false },
  },
})
const [seed, requests] = [Number(values.seed), Number(values.requests)]
if (!Number.isInteger(seed) || !Number.isInteger(requests) || requests < 1)
  throw new Error('--seed and --requests take whole numbers.')

const database = await provideDatabase()
process.env.TEST_DATABASE_URL = database.url
try {
  const walked = await walk({ seed, requests, rounds: requests < 20_000 ? 1 : 4 })
  const page = pageOf(walked)
  console.log(page)
  for (const fault of walked.faults.slice(0, 1_000)) console.error(fault)
  if (values.write) writeFileSync(PAGE, page)
  if (walked.faults.length > 0 || walked.untried.length > 0) process.exitCode = 1
} finally {
  await database.stop()
}
