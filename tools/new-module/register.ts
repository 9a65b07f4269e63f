// Puts a new module into the files that name every module: app.ts and the catalogue of permissions.
import { capital, type Noun, Refusal } from './names.ts'

/** app.ts with the module's import, its creation before the views', and its routes. */
export function withModule(app: string, noun: Noun): string {
  const { plural, singular } = noun
  if (new RegExp(`\\b${plural}\\b`).test(app))
    throw new Refusal(`"${plural}" has a meaning in server/src/app.ts already: choose another name.`)
  const views = viewNames(app)
  const [head, root] = splitAt(app, app.indexOf('export function createModules('))
  const created = insertBefore(root, `  const ${plural} = create${capital(plural)}(people)\n`, [
    ...views.map((name) => new RegExp(`^  (?:const .* = )?${name}\\(`, 'm')),
    /^ {2}const routes: Route\[\] = \[/m,
  ])
  const routed = insertBefore(created, `    ...${singular}Routes(${plural}),\n`, [
    ...views.map((name) => new RegExp(`^    \\.\\.\\.${name}\\(`, 'm')),
    /^ {2}\]$/m,
  ])
  return withImport(head, noun) + routed
}

/** The catalogue with the module's two permissions, after all others: the order of the first ones has a meaning. */
export function withPermissions(catalogue: string, { plural }: Noun): string {
  const [head, words] = splitAt(catalogue, catalogue.indexOf('const WORDS'))
  const end = words.indexOf('\n}\n')
  const [entries, rest] = splitAt(words, end)
  if (new RegExp(`^  ${plural}: `, 'm').test(entries))
    throw new Refusal(`The catalogue of permissions has "${plural}" already: choose another name.`)
  return `${head}${entries}\n  ${plural}: 'view edit',${rest}`
}

function withImport(head: string, { plural, singular }: Noun): string {
  const path = `./modules/product/${plural}/index.ts`
  const statement = `import { create${capital(plural)}, ${singular}Routes } from '${path}'\n`
  const later = [...head.matchAll(/^import [^;]*? from '([^']+)'$/gm)].find(([, from = '']) => from > path)
  const [before, after] = splitAt(head, later?.index ?? -1)
  return before + statement + after
}

/** What app.ts imports from views, which come after every product module. */
function viewNames(app: string): string[] {
  const imports = app.matchAll(/^import \{([^}]*)\} from '\.\/modules\/views\//gm)
  return [...imports].flatMap(([, names = '']) => names.split(',').map((name) => name.trim())).filter(Boolean)
}

/** Inserts the text before the first place that one of the patterns finds, whichever stands first. */
function insertBefore(text: string, inserted: string, patterns: RegExp[]): string {
  const places = patterns.map((pattern) => text.search(pattern)).filter((place) => place >= 0)
  const [before, after] = splitAt(text, places.length ? Math.min(...places) : -1)
  return before + inserted + after
}

function splitAt(text: string, place: number): [string, string] {
  if (place < 0) throw new Refusal('A file to register the module in does not look as this program knows it.')
  return [text.slice(0, place), text.slice(place)]
}
