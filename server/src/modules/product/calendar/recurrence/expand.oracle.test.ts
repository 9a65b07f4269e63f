// Recurrence against an independent oracle: the same rules and zones, expanded by dateutil.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { firstOf, instancesBetween, type Series } from './expand.ts'
import { readRule } from './rule.ts'
import { instantOf, isWall, shifted, wallOf } from './zones.ts'

const ZONES = [
  ...['UTC', 'Europe/Paris', 'Europe/London', 'Europe/Lisbon', 'America/New_York', 'America/St_Johns'],
  ...[
    'America/Sao_Paulo',
    'America/Santiago',
    'America/Havana',
    'America/Los_Angeles',
    'Asia/Kathmandu',
    'Asia/Tehran',
  ],
  ...['Asia/Beirut', 'Asia/Tokyo', 'Atlantic/Azores', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Auckland'],
  ...['Pacific/Chatham', 'Pacific/Apia'],
]
const RULES = 500
/** Every rule in every zone; else each in a fifth of them, so that all zones have their turn. */
const FULL = process.env.TEST_SIZE === 'full'
const COUNT = FULL ? 100 : 30
const DAY_MS = 86_400_000

interface Asked {
  body: string
  start: string
  until: string
  count: number
}

/** Numbers from a seed, the same on every machine. */
function randomFrom(seed: number) {
  let state = seed
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32
  }
  const below = (most: number) => Math.floor(next() * most)
  const one = <T>(values: readonly T[]): T => values[below(values.length)]!
  const some = <T>(values: readonly T[], most: number): T[] => [
    ...new Set(Array.from({ length: 1 + below(most) }, () => one(values))),
  ]
  return { below, one, some, maybe: (share: number) => next() < share }
}

const range = (least: number, most: number) => Array.from({ length: most - least + 1 }, (_, at) => least + at)
const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

function bodyOf({ below, one, some, maybe }: ReturnType<typeof randomFrom>): string {
  const freq = one(['YEARLY', 'MONTHLY', 'MONTHLY', 'WEEKLY', 'WEEKLY', 'DAILY', 'DAILY', 'HOURLY'])
  const parts = [`FREQ=${freq}`]
  // Hours are counted by the clock here, and in true time where an interval leaps over more than one.
  if (freq !== 'HOURLY' && maybe(0.5)) parts.push(`INTERVAL=${1 + below(5)}`)
  const numbered = () => some([1, 2, 3, 4, -1, -2], 2).map((at) => `${at}${one(DAYS)}`)
  if (maybe(0.25)) parts.push(`BYMONTH=${some(range(1, 12), 4)}`)
  let chooses = ''
  if (freq === 'YEARLY') chooses = one(['', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'DAYS'])
  if (freq === 'MONTHLY') chooses = one(['', 'BYMONTHDAY', 'BYDAY', 'DAYS', 'FRIDAY'])
  if (freq === 'WEEKLY' || freq === 'DAILY') chooses = one(['', 'DAYS'])
  if (freq === 'HOURLY') chooses = one(['', 'DAYS', 'BYMONTHDAY'])
  if (chooses === 'BYWEEKNO') parts.push(`BYWEEKNO=${some([1, 2, 10, 20, 44, 52, -1], 3)}`, `BYDAY=${some(DAYS, 2)}`)
  if (chooses === 'BYYEARDAY') parts.push(`BYYEARDAY=${some([1, 59, 60, 87, 100, 300, 365, -1, -100], 4)}`)
  if (chooses === 'BYMONTHDAY') parts.push(`BYMONTHDAY=${some([1, 2, 10, 15, 28, 29, 30, 31, -1, -3], 3)}`)
  if (chooses === 'BYDAY') parts.push(`BYDAY=${numbered()}`)
  if (chooses === 'DAYS') parts.push(`BYDAY=${some(DAYS, 3)}`)
  if (chooses === 'FRIDAY') parts.push('BYMONTHDAY=13', 'BYDAY=FR')
  if (freq === 'HOURLY') parts.push(`BYHOUR=${some([1, 2, 3, 9, 17], 4)}`)
  else if (maybe(0.25)) parts.push(`BYHOUR=${some([0, 1, 2, 3, 9, 23], 3)}`)
  if (maybe(0.15)) parts.push(`BYMINUTE=${some([0, 15, 30, 45], 2)}`)
  // The RFC does not say whether a time that the clock skips takes a place among those that BYSETPOS counts.
  const isDated = ['DAYS', 'BYMONTHDAY'].includes(chooses) && ['YEARLY', 'MONTHLY'].includes(freq)
  if (isDated && maybe(0.3)) parts.push(`BYSETPOS=${some([1, 2, -1, -2], 2)}`)
  if (maybe(0.2)) parts.push(`WKST=${one(DAYS)}`)
  return parts.join(';')
}

/** Asks the oracle, which must be there. */
function ask(rules: Asked[], zones: readonly string[]): (number[] | null)[][] {
  const script = new URL('./oracle.py', import.meta.url).pathname
  const input = JSON.stringify({ rules, zones })
  const { status, stdout, stderr } = spawnSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 2 ** 29 })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

/** Rules whose start is the first time that they give, with BYSETPOS at hours that every clock shows. */
function randomRules(seed: number): Asked[] {
  const random = randomFrom(seed)
  const rules = Array.from({ length: RULES }, () => {
    const body = bodyOf(random)
    const quiet = body.includes('BYSETPOS')
    const hours = quiet ? [9, 17] : [0, 1, 2, 2, 3, 9, 23]
    const time = `${String(random.one(hours)).padStart(2, '0')}:${random.one(['00', '15', '30'])}:00`
    const start = `${2012 + random.below(8)}-${String(1 + random.below(12)).padStart(2, '0')}-0${1 + random.below(9)}T${time}`
    const until = shifted(start, 8 * 365 * DAY_MS)
    return { body: quiet ? body.replace(/;BYHOUR=[\d,]+/, '') : body, start, until, count: COUNT }
  })
  const firsts = ask(
    rules.map((rule) => ({ ...rule, count: 1 })),
    ['UTC'],
  )
  return rules.flatMap((rule, at) => {
    const first = firsts[at]![0]?.[0]
    return first === undefined ? [] : [{ ...rule, start: wallOf(first * 1_000, 'UTC') }]
  })
}

const isThere = spawnSync('python3', ['-c', 'import dateutil']).status === 0

describe('recurrence against an independent oracle', {
  skip: isThere ? false : 'python3-dateutil is not installed',
}, () => {
  it(`${RULES} random rules in ${ZONES.length} zones give the same instances, from the start and from any window`, (test) => {
    const rules = randomRules(20_261_121)
    assert.ok(rules.length > RULES * 0.8, `${rules.length} rules give anything`)
    const expected = ask(rules, ZONES)
    const differences: string[] = []
    let [compared, instances, skipped, refused] = [0, 0, 0, 0]
    for (const [at, { body, start, until }] of rules.entries())
      for (const [place, zone] of ZONES.entries()) {
        if (!FULL && (at + place) % 5 !== 0) continue
        const wanted = expected[at]![place]
        // A start that the clock of the zone skips is no instance of its rule: such an event is refused.
        if (wanted === null || wanted === undefined) {
          skipped++
          continue
        }
        const series: Series = {
          wallStart: start,
          zone,
          body: readRule(body, { zone, allDay: false }).body,
          lastAt: instantOf(until, zone),
          exdates: [],
          rdates: [],
        }
        const end = wanted.length < COUNT ? series.lastAt : wanted.at(-1)! * 1_000
        const whole = instancesBetween(series, 0, end! + 1, COUNT).slice(0, COUNT)
        const got = whole.map((one) => one.at / 1_000)
        // Of the last week of the year before, the library gives no day of the first January: an event that starts so is refused
        // (its start is not the first instance of its rule), and all that follows is right.
        if (body.includes('BYWEEKNO') && wanted[0] === instantOf(start, zone) / 1_000 && got[0] !== wanted[0]) {
          refused++
          got.unshift(wanted[0]!)
          got.length = Math.min(got.length, wanted.length)
        }
        if (got.join() !== wanted.join())
          differences.push(`${zone} ${start} ${body}\n  ${firstDifference(got, wanted)}`)
        for (const one of whole) assert.ok(isWall(one.wall))
        // A window in the middle has what stands there, and nothing else.
        const [low, high] = [wanted[Math.floor(wanted.length / 3)]!, wanted[Math.floor(wanted.length / 2)]!]
        const window = instancesBetween(series, low * 1_000, high * 1_000 + 1, COUNT).map((one) => one.at / 1_000)
        const inside = wanted.filter((one) => one >= low && one <= high)
        if (window.join() !== inside.join()) differences.push(`window ${zone} ${start} ${body} ${window} / ${inside}`)
        compared++
        instances += wanted.length
      }
    test.diagnostic(
      `${rules.length} rules, ${compared} comparisons, ${instances} instances, ${skipped} starts skipped, ${refused} refused`,
    )
    assert.deepEqual(differences.slice(0, 10), [], `${differences.length} differ`)
    assert.ok(refused <= 3 * ZONES.length, `${refused} starts are refused`)
    assert.ok(compared > RULES * (FULL ? ZONES.length : 4) * 0.75)
  })

  it('COUNT counts what takes place, in every zone', () => {
    const rules = randomRules(7)
      .slice(0, 100)
      .map((rule) => ({ ...rule, count: 7 }))
    const expected = ask(rules, ZONES)
    for (const [at, { body, start }] of rules.entries())
      for (const [place, zone] of ZONES.entries()) {
        if (!FULL && (at + place) % 5 !== 0) continue
        const wanted = expected[at]![place]
        if (!wanted || wanted.length < 7) continue
        const series: Series = { wallStart: start, zone, body, lastAt: undefined, exdates: [], rdates: [] }
        assert.deepEqual(
          firstOf(series, 7).map((one) => one.at / 1_000),
          wanted,
          `${zone} ${start} ${body}`,
        )
      }
  })
})

function firstDifference(got: number[], wanted: number[]): string {
  const at = wanted.findIndex((one, place) => one !== got[place])
  const place = at < 0 ? wanted.length : at
  const said = (list: number[]) => (list[place] === undefined ? 'nothing' : new Date(list[place] * 1_000).toISOString())
  return `number ${place} of ${wanted.length}: ${said(got)}, and not ${said(wanted)}`
}
