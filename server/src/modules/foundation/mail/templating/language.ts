// The template language: Liquid, cut down to what runs no code, reads no file and ends soon.
import {
  CaseTag,
  CommentTag,
  Context,
  defaultOperators,
  ForTag,
  IfTag,
  Liquid,
  type Template,
  toValueSync,
  UnlessTag,
} from 'liquidjs'
import { Bounded, Bounds, setOurs } from './bounds.ts'
import { asText, escapeHtml } from './escaping.ts'
import { TemplateFault } from './faults.ts'
import { FILTERS } from './filters.ts'
import { faultOf, reasonOf, scan } from './scan.ts'
import { Block, Button } from './tags.ts'

/** HTML escapes what it is told; text does not. */
export type Form = 'html' | 'text'

export interface Parsed {
  form: Form
  /** The field that it is the content of, for faults. */
  part: string
  templates: Template[]
}

/** What a template is told. */
export type Told = Record<string, unknown>

export interface Rendering {
  locale: string
  /** Of a layout: what the mail brings for its blocks. */
  blocks?: Map<string, string>
  /** Whether it is the product's own, which is known to end. */
  isTrusted: boolean
}

const ENGINES = { html: engine('html'), text: engine('text') }

/** Parses a source. Throws a TemplateFault for what the language does not have. */
export function parse(part: string, source: string, form: Form): Parsed {
  scan(part, source)
  try {
    return { form, part, templates: ENGINES[form].parse(source) }
  } catch (error) {
    throw faultOf(part, source, error)
  }
}

/** The values that a template uses, each with the line where it does so first. */
export function valuesIn({ form, templates }: Parsed): Map<string, number> {
  const { globals } = ENGINES[form].analyzeSync(templates, { partials: false })
  return new Map(Object.entries(globals).map(([name, [first]]) => [name, first?.location.row ?? 1]))
}

/** Renders: what stands outside of blocks, and the blocks. Throws a TemplateFault. */
export function render(
  { form, part, templates }: Parsed,
  told: Told,
  { locale, blocks, isTrusted }: Rendering,
): { rest: string; blocks: Map<string, string> } {
  const liquid = ENGINES[form]
  const context = new Context(told, liquid.options, { sync: true }, { liquid })
  const bounds = new Bounds(isTrusted)
  context.renderLimit = bounds as never
  const kept = blocks ?? new Map<string, string>()
  setOurs(context, { form, locale, bounds, blocks: kept, keeps: blocks === undefined })
  const emitter = new Bounded(bounds)
  try {
    toValueSync(liquid.renderer.renderTemplates(templates, context, emitter))
  } catch (error) {
    const missing = /^undefined variable: (.+)$/.exec(reasonOf(error))?.[1]
    throw new TemplateFault(part, missing === undefined ? `${reasonOf(error)}.` : `The value "${missing}" is missing.`)
  }
  return { rest: emitter.buffer, blocks: kept }
}

function engine(form: Form): Liquid {
  const { contains: _, ...operators } = defaultOperators
  const liquid = new Liquid({
    // No file is ever looked for: there is no tag that names one, and this map is where it would be.
    templates: {},
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
    operators,
    ...(form === 'html' && { outputEscape: (value: unknown) => escapeHtml(asText(value)) }),
  })
  for (const name of Object.keys(liquid.tags)) delete liquid.tags[name]
  const tags = { if: IfTag, unless: UnlessTag, case: CaseTag, for: ForTag, comment: CommentTag }
  for (const [name, tag] of Object.entries({ ...tags, block: Block, button: Button }))
    liquid.registerTag(name, tag as never)
  for (const name of Object.keys(liquid.filters)) liquid.unregisterFilter(name)
  for (const [name, filter] of Object.entries(FILTERS)) liquid.registerFilter(name, filter as never)
  return liquid
}
