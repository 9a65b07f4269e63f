// Files that a program writes: written when asked, or compared with what is there.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

/** Writes the files, by path from the repository's root; with `--check` writes nothing, and fails when one differs. */
export function runGenerator(files: Record<string, string>, args = process.argv.slice(2)): void {
  const stale = Object.entries(files).filter(([path, text]) => current(path) !== text)
  if (args.includes('--check')) {
    for (const [path] of stale) console.error(`${path} is not current`)
    process.exitCode = stale.length > 0 ? 1 : 0
    return
  }
  for (const [path, text] of stale) {
    mkdirSync(dirname(resolve(root, path)), { recursive: true })
    writeFileSync(resolve(root, path), text)
    console.log(`wrote ${path}`)
  }
}

function current(path: string): string | undefined {
  const full = resolve(root, path)
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined
}
