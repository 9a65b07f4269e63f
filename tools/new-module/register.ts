// Puts a new module into the files that name every module: app/product.ts and the catalogue of permissions.
import { capital, type Noun, Refusal } from './names.ts'

/** app/product.ts with the module's import, its creation and its routes; `house` is the text of everything in app. */
export function withModule(app: string, noun: Noun, house: string): string {
  const { plural, singular } = noun
  if (new RegExp(`\\b${plural}\\b`).test(house))
    throw new Refusal(`"${plural}" has a meaning in server/src/app already: choose another name.`)
  const [head, root] = splitAt(app, app.indexOf('export function createProduct('))
  const created = insertBefore(
    root,
    `  const ${plural} = create${capital(plural)}(identity)\n`,
    /^ {2}return \{\s*\.\.\.identity/m,
  )
  const kept = created.replace(/^( {2}return \{\s*\.\.\.identity)([^}]*?),?\s*\}$/m, `$1$2, ${plural} }`)
  return withImport(head, noun) + withRoutes(kept, `...${singular}Routes(modules.${plural})`)
}

/** The routes as the last of the list with which the file ends; the formatter breaks the lines. */
function withRoutes(root: string, routes: string): string {
  const [listed, end] = splitAt(root, root.lastIndexOf(']\n}'))
  return `${listed.trimEnd()}${/[[,]$/.test(listed.trimEnd()) ? '' : ','} ${routes}${end}`
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
  const path = `../modules/product/${plural}/index.ts`
  const statement = `import { create${capital(plural)}, ${singular}Routes } from '${path}'\n`
  const later = [...head.matchAll(/^import [^;]*? from '([^']+)'$/gm)].find(([, from = '']) => from > path)
  const [before, after] = splitAt(head, later?.index ?? -1)
  return before + statement + after
}

/** Inserts the text before the place that the pattern finds. */
function insertBefore(text: string, inserted: string, pattern: RegExp): string {
  const [before, after] = splitAt(text, text.search(pattern))
  return before + inserted + after
}

function splitAt(text: string, place: number): [string, string] {
  if (place < 0) throw new Refusal('A file to register the module in does not look as this program knows it.')
  return [text.slice(0, place), text.slice(place)]
}
