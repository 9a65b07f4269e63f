// The whole examination: the settings first, then everything that they name, each by itself.
import { type Config, ConfigurationError, describeConfig, ensureSecrets, loadConfig } from '../../config.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../drivers/telemetry/log.ts'
import { VERSION } from '../runtime.ts'
import { examineDatabase } from './database.ts'
import { examineDisks, examineSign } from './disks.ts'
import { type Finding, fail, ok, warn, wordsOf } from './finding.ts'
import { examineMail, examineModels, examineRedis, examineStorage } from './services.ts'

export interface Examination {
  version: string
  /** Nothing fails; there may be warnings. */
  healthy: boolean
  findings: Finding[]
  /** What is in force, secrets as `(set)`. Absent where the settings cannot be read. */
  settings?: Record<string, string>
}

export async function examine(): Promise<Examination> {
  const read = readSettings()
  if (!('config' in read)) return examinationOf(read.findings)
  const { config } = read
  const parts = { log: createLog({ level: 'silent', format: 'json' }), clock: systemClock }
  const findings = await Promise.all([
    patiently('database', examineDatabase(config, parts)),
    patiently('storage', examineStorage(config)),
    patiently('disk', examineDisks(config)),
    patiently('mail', examineMail(config, parts)),
    patiently('redis', examineRedis(config)),
    patiently('models', examineModels(config, parts)),
  ])
  return {
    ...examinationOf([...read.findings, ...findings.flat(), ...examineSign(config)]),
    settings: describeConfig(config),
  }
}

function examinationOf(findings: Finding[]): Examination {
  return { version: VERSION, healthy: findings.every(({ state }) => state !== 'fail'), findings }
}

function readSettings(): { findings: Finding[]; config: Config } | { findings: Finding[] } {
  try {
    const config = ensureSecrets(loadConfig())
    const { environment } = config.app
    const notices = config.notices.map((notice) => warn('settings', notice, 'See docs/reference/configuration.md.'))
    return { config, findings: [ok('settings', `They can be used, in ${environment}.`), ...notices] }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const mend = 'Correct it in the environment or in .env; docs/reference/configuration.md has every setting.'
    return { findings: error.faults.map(({ name, message }) => fail('settings', `${name} ${message}.`, mend)) }
  }
}

/** Of a service that takes a connection and says nothing. */
const PATIENCE_MS = 60_000

/** What could not even be looked at is a finding as well. */
async function patiently(check: string, work: Promise<Finding[]>): Promise<Finding[]> {
  let late: NodeJS.Timeout | undefined
  const patience = new Promise<Finding[]>((done) => {
    const silent = fail(check, 'It does not answer within a minute.', 'See whether it is overloaded, or hangs.')
    late = setTimeout(done, PATIENCE_MS, [silent])
  })
  try {
    return await Promise.race([work, patience])
  } catch (error) {
    return [fail(check, wordsOf(error), 'This was not expected: see the log of the service.')]
  } finally {
    clearTimeout(late)
  }
}
