// The product's own templates, from the files under templates/, parsed when they are first needed.
import { readdirSync, readFileSync } from 'node:fs'
import { LAYOUT, templateNames } from './catalogue.ts'
import { type Compiled, compileSource, type Source } from './compile.ts'
import { LANGUAGES, type Language } from './words.ts'

const FOLDER = new URL('../templates/', import.meta.url)

export interface ProductTemplates {
  sourceOf(name: string, language: Language): Source | undefined
  compiled(name: string, language: Language): Compiled | undefined
}

/** Reads every file, and throws when one is missing. The layout speaks no language. */
export function readProductTemplates(): ProductTemplates {
  const layout: Source = { subject: '', html: read('layout.html'), text: null }
  const sources = new Map(LANGUAGES.flatMap((language) => folderOf(language)))
  const parsed = new Map<string, Compiled>()
  const sourceOf = (name: string, language: Language) => (name === LAYOUT ? layout : sources.get(`${language}/${name}`))
  return {
    sourceOf,
    compiled(name, language) {
      const key = name === LAYOUT ? name : `${language}/${name}`
      const source = sourceOf(name, language)
      if (!parsed.has(key) && source) parsed.set(key, compileSource(name, source, true))
      return parsed.get(key)
    },
  }
}

function folderOf(language: Language): [string, Source][] {
  const files = readdirSync(new URL(`${language}/`, FOLDER))
  const missing = templateNames.find((name) => !files.includes(`${name}.html`))
  if (missing !== undefined) throw new Error(`The mail template ${language}/${missing}.html is missing.`)
  return templateNames.map((name) => [`${language}/${name}`, sourceIn(name, read(`${language}/${name}.html`))])
}

function sourceIn(name: string, file: string): Source {
  const [head, subject] = /^<title>(.+)<\/title>\s*/.exec(file) ?? []
  if (head === undefined || subject === undefined)
    throw new Error(`The mail template ${name} must begin with its subject as a <title>.`)
  return { subject, html: file.slice(head.length).trim(), text: null }
}

const read = (path: string) => readFileSync(new URL(path, FOLDER), 'utf8')
