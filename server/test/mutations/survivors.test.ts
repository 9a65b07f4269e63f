// Reasons belong to mutants that there are: a statement that was rewritten is another mutant, and is to be tried again.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { it } from 'node:test'
import { mutantsOf } from './mutants.ts'
import { SURVIVORS } from './survivors.ts'

it('every reason why a mutant survives is one of a mutant that there is', () => {
  const names = new Set(mutantsOf(resolve(import.meta.dirname, '../..')).map(({ name }) => name))
  assert.deepEqual(
    Object.keys(SURVIVORS).filter((name) => !names.has(name)),
    [],
  )
})
