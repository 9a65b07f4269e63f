// What the linter and the compiler print becomes one line for each fault.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readBiome, readCompiler } from './commands.ts'

describe('printed faults', () => {
  it('of the linter are read from its JSON', () => {
    const location = { path: 'a.ts', start: { line: 7, column: 1 } }
    const diagnostics = [
      { message: 'File content differs', category: 'format', location },
      { message: 'No any.', category: 'lint/suspicious/noExplicitAny', location },
    ]
    assert.deepEqual(readBiome(`\u001b[0m${JSON.stringify({ diagnostics })}\u001b[0m`), [
      { path: 'a.ts', message: 'is not formatted' },
      { path: 'a.ts', line: 7, message: 'No any. (lint/suspicious/noExplicitAny)' },
    ])
    assert.equal(readBiome('it broke'), undefined)
  })

  it('of the compiler are read line by line', () => {
    const output = "server/src/a.ts(3,7): error TS2322: Type 'a' is not assignable.\n  Because of b.\n"
    assert.deepEqual(readCompiler(output), [
      { path: 'server/src/a.ts', line: 3, message: "TS2322: Type 'a' is not assignable." },
    ])
    assert.equal(readCompiler('killed'), undefined)
  })
})
