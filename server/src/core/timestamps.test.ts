// Points in time: which texts are one.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decodeCursor, encodeCursor } from './page.ts'
import { isTimestamp } from './timestamps.ts'

const GOOD = [
  '2026-11-21T09:30:00.000Z',
  '2026-11-21t09:30:00z',
  '2026-11-21 09:30:00.123456+00',
  '2024-02-29T23:59:59+02:00',
  '2000-02-29T00:00:00-1530',
  '0001-01-01T00:00:00Z',
  '0001-01-01T00:00:00-12:00',
  '9999-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59+12:00',
]
const BAD = [
  '',
  '2026-11-21',
  '2026-11-21T29:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T09:60:00Z',
  '2026-11-21T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2025-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-32T00:00:00Z',
  '2026-01-01T00:00:00+16:00',
  '2026-01-01T00:00:00',
  `2026-01-01T00:00:00.${'1'.repeat(200)}Z`,
  '12026-01-01T00:00:00Z',
  '9999-12-31T23:59:59-12:00',
  '9999-12-31T23:59:59.999999999Z',
  '0001-01-01T00:00:00+00:01',
  'infinity',
]

it('a point in time is one of a day that there is', () => {
  for (const text of GOOD) assert.ok(isTimestamp(text), text)
  for (const text of BAD) assert.ok(!isTimestamp(text), text)
})

it('a cursor holds no other', () => {
  for (const text of GOOD) assert.deepEqual(decodeCursor(encodeCursor([text, 'id']), ['time', 'string']), [text, 'id'])
  for (const text of BAD)
    assert.throws(() => decodeCursor(encodeCursor([text, 'id']), ['time', 'string']), { code: 'request.invalid' }, text)
})
