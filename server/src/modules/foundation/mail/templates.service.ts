// Mail templates for those who write them: the product's and the tenant's own, read, changed, previewed, taken back.
import type { UserActor } from '../../../core/actor.ts'
import { invalidField } from '../../../core/errors.ts'
import type { Deed } from '../../../core/events.ts'
import { type Page, pageOf } from '../../../core/page.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Database, Executor, Tx } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import type { Audit } from '../audit/index.ts'
import { namingFaults, templateErrors } from './templates.errors.ts'
import * as queries from './templates.queries.ts'
import {
  type Preview,
  type PreviewRequest,
  type Template,
  type TemplateChange,
  type TemplateSource,
  toSource,
} from './templates.schema.ts'
import { MAIL_TEMPLATES_CHANGED } from './templates.store.ts'
import type { Finder } from './templates.ts'
import { COMMON, isProductTemplate, LAYOUT, OF_LAYOUT, templateNames, valuesOf } from './templating/catalogue.ts'
import { mustRender, samplesOf } from './templating/checking.ts'
import { compileSource, type Source } from './templating/compile.ts'
import { canonicalLocale, LANGUAGES, nearest } from './templating/words.ts'

export interface TemplateDesk {
  list(actor: UserActor): Promise<Page<Template>>
  get(actor: UserActor, name: string, locale?: string): Promise<TemplateSource>
  /** Writes the tenant's template in one language; a name that the product does not have becomes one of the tenant's own. */
  put(
    actor: UserActor,
    name: string,
    change: TemplateChange,
    facts: RequestFacts,
    version?: number,
  ): Promise<TemplateSource>
  /** Takes the tenant's template in one language back. */
  remove(
    actor: UserActor,
    name: string,
    locale: string | undefined,
    facts: RequestFacts,
    version?: number,
  ): Promise<TemplateSource>
  /** Renders without keeping anything. */
  preview(actor: UserActor, name: string, request: PreviewRequest): Promise<Preview>
}

export interface TemplateDeskParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  bus: Pick<Bus, 'publish'>
  audit: Pick<Audit, 'record'>
  templates: Finder
  options: { defaultLocale: string }
}

const MAX_OWN = 100
const MAX_LANGUAGES = 20

export function createTemplateDesk({ database, bus, audit, templates, options }: TemplateDeskParts): TemplateDesk {
  const localeOf = (asked: string | undefined): string => {
    const locale = canonicalLocale(asked ?? options.defaultLocale)
    if (locale === undefined)
      throw invalidField('locale', 'not_a_language', 'This is no language tag such as en or zh-CN.')
    return locale
  }

  /** As the product has it in exactly that language. */
  const ofProduct = (name: string, locale: string): Source | null => {
    const language = nearest(locale)
    return language === locale || name === LAYOUT ? (templates.product.sourceOf(name, language ?? 'en') ?? null) : null
  }

  async function read(db: Executor, name: string, locale: string): Promise<TemplateSource> {
    const own = await queries.find(db, name, locale)
    const product = ofProduct(name, locale)
    if (!own && !product && !isKnown(name, (await queries.summary(db)).templates))
      throw templateErrors('mail.template_not_found')
    return {
      name,
      kind: kindOf(name),
      locale,
      values: describe(name),
      product,
      override: own ? toSource(own) : null,
      ...(own && { updatedAt: own.updatedAt.toISOString() }),
    }
  }

  async function mustHaveRoom(tx: Tx, name: string, locale: string): Promise<void> {
    const { templates: listed } = await queries.summary(tx)
    const own = new Set(listed.map((one) => one.name).filter((one) => kindOf(one) === 'own'))
    const languages = listed.filter((one) => one.name === name && one.locale !== locale)
    const isFull = kindOf(name) === 'own' && !own.has(name) && own.size >= MAX_OWN
    if (isFull || languages.length >= MAX_LANGUAGES) throw templateErrors('mail.template_limit')
  }

  function changed(tx: Tx, actor: UserActor, deed: Omit<Deed, 'targetType'>, facts: RequestFacts): Promise<void> {
    audit.record(tx, actor, { ...deed, targetType: 'mail_template' }, facts)
    return bus.publish(tx, MAIL_TEMPLATES_CHANGED, { tenantId: actor.tenantId })
  }

  return {
    async list(actor) {
      const { templates: listed } = await queries.summary(database.tenant(actor.tenantId))
      const own = [...new Set(listed.map(({ name }) => name))].filter((name) => kindOf(name) === 'own')
      const data = [LAYOUT, ...templateNames, ...own].map((name) => ({
        name,
        kind: kindOf(name),
        languages: kindOf(name) === 'own' ? [] : [...LANGUAGES],
        overrides: listed
          .filter((one) => one.name === name)
          .map(({ locale, updatedAt }) => ({ locale, updatedAt: updatedAt.toISOString() })),
        values: describe(name),
      }))
      return pageOf(data, data.length, { page: 1, limit: data.length })
    },

    get: (actor, name, locale) => read(database.tenant(actor.tenantId), name, localeOf(locale)),

    async put(actor, name, change, facts, version) {
      const locale = localeOf(change.locale)
      const source = { subject: change.subject.trim(), html: change.html, text: change.text ?? null }
      if (!source.subject && name !== LAYOUT) throw invalidField('subject', 'missing', 'A mail needs a subject.')
      await namingFaults(async () => {
        const compiled = compileSource(name, source, false)
        const db = database.tenant(actor.tenantId)
        await mustRender(name, (told) => templates.renderDraft(db, name, compiled, locale, told))
      })
      return database.inTenant(actor.tenantId, async (tx) => {
        await queries.lock(tx)
        const before = await queries.find(tx, name, locale)
        if (version !== undefined && before?.updatedAt.getTime() !== version)
          throw templateErrors('mail.template_changed_meanwhile')
        if (!before) await mustHaveRoom(tx, name, locale)
        await queries.write(tx, { name, locale, ...source })
        const changes = { locale, ...differenceOf(before, source) }
        await changed(tx, actor, { action: 'mail.template_written', targetId: name, changes }, facts)
        return read(tx, name, locale)
      })
    },

    async remove(actor, name, asked, facts, version) {
      const locale = localeOf(asked)
      return database.inTenant(actor.tenantId, async (tx) => {
        const before = await queries.find(tx, name, locale)
        if (!before) throw templateErrors('mail.template_not_found')
        if (!(await queries.remove(tx, name, locale, version))) throw templateErrors('mail.template_changed_meanwhile')
        const changes = { locale, ...differenceOf(before, undefined) }
        await changed(tx, actor, { action: 'mail.template_removed', targetId: name, changes }, facts)
        const product = ofProduct(name, locale)
        return { name, kind: kindOf(name), locale, values: describe(name), product, override: null }
      })
    },

    async preview(actor, name, request) {
      const locale = localeOf(request.locale)
      const db = database.tenant(actor.tenantId)
      const { subject, html, text } = request
      const isDraft = subject !== undefined || html !== undefined || text !== undefined
      const kept = isDraft ? await namingMissing(() => read(db, name, locale)) : undefined
      const draft = isDraft && {
        subject: subject ?? kept?.override?.subject ?? kept?.product?.subject ?? '',
        html: html ?? kept?.override?.html ?? kept?.product?.html ?? '',
        text: text ?? (html === undefined ? (kept?.override?.text ?? null) : null),
      }
      const values = { ...samplesOf(name), ...request.values }
      return namingFaults(() =>
        templates.renderDraft(db, name, draft ? compileSource(name, draft, false) : undefined, locale, values),
      )
    },
  }
}

/** Undefined for a template that is not there yet: that one can be previewed too. */
async function namingMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: string }).code === 'mail.template_not_found') return undefined
    throw error
  }
}

const kindOf = (name: string): Template['kind'] =>
  name === LAYOUT ? 'layout' : isProductTemplate(name) ? 'product' : 'own'

function isKnown(name: string, listed: readonly queries.Listed[]): boolean {
  return kindOf(name) !== 'own' || listed.some((one) => one.name === name)
}

function describe(name: string): Template['values'] {
  const rules = name === LAYOUT ? OF_LAYOUT : { ...(isProductTemplate(name) && valuesOf(name)), ...COMMON }
  return Object.entries(rules).map(([one, { about, isSecret }]) => ({
    name: one,
    description: about,
    secret: isSecret,
  }))
}

/** The subject before and after; of longer parts, whether they changed. */
function differenceOf(before: Source | undefined, after: Source | undefined): Record<string, unknown> {
  const sizes = (part: 'html' | 'text') => [before?.[part]?.length ?? null, after?.[part]?.length ?? null]
  const parts = { subject: [before?.subject ?? null, after?.subject ?? null], htmlLength: sizes('html') }
  return before?.text || after?.text ? { ...parts, textLength: sizes('text') } : parts
}
