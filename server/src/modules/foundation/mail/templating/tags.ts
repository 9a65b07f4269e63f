// The tags that the template language has beside those of Liquid.
import { type Context, type Liquid, type Parser, Tag, type TagToken, type Template, type TopLevelToken } from 'liquidjs'
import { Bounded, oursOf } from './bounds.ts'
import { escapeHtml, webAddress } from './escaping.ts'
import { wordsOf } from './words.ts'

/** A tag around templates, with one name behind its own: `{% block body %}…{% endblock %}`. */
abstract class Named extends Tag {
  protected readonly about: string
  protected readonly templates: Template[] = []

  constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, rest, liquid)
    this.about = token.args.trim()
    if (!/^[a-z]\w{0,49}$/.test(this.about)) throw new Error(`The tag "${token.name}" needs one name`)
    for (let next = rest.shift(); next; next = rest.shift()) {
      if ((next as TagToken).name === `end${token.name}`) return
      this.templates.push(parser.parseToken(next, rest))
    }
    throw new Error(`The tag "${token.name}" is not closed`)
  }

  /** For the library's analysis of values. */
  children(): Template[] {
    return this.templates
  }
}

/** A part that the layout puts in its place; in the layout that place, with what stands there when the part is missing. */
export class Block extends Named {
  *render(context: Context, emitter: Bounded) {
    const { blocks, keeps, bounds } = oursOf(context)
    const given = keeps ? undefined : blocks.get(this.about)
    if (given !== undefined) return emitter.write(given)
    const into = keeps ? new Bounded(bounds) : emitter
    yield this.liquid.renderer.renderTemplates(this.templates, context, into)
    if (keeps) blocks.set(this.about, into.buffer.trim())
  }
}

/** For mail programs that leave styles of a page out: the colours of a link would not be seen on the button's. */
const BUTTON =
  'display:inline-block;padding:13px 24px;color:#ffffff;font-weight:600;text-decoration:none;border-radius:8px'

/** An address as a button, and in full below it; the label stands between. */
export class Button extends Named {
  *render(context: Context, emitter: Bounded) {
    const { bounds, locale, form } = oursOf(context)
    const inner = new Bounded(bounds)
    yield this.liquid.renderer.renderTemplates(this.templates, context, inner)
    const label = inner.buffer.trim()
    const address = webAddress(yield context._get([this.about]))
    if (form === 'text') return emitter.write(`${label}:\n${address}`)
    const href = escapeHtml(address)
    emitter.write(
      `<table role="presentation" class="action" cellpadding="0" cellspacing="0" border="0"><tr><td class="button" bgcolor="#1d4ed8">` +
        `<a class="button" href="${href}" style="${BUTTON}">${label}</a></td></tr></table>` +
        `<p class="button-help">${escapeHtml(wordsOf(locale).help)}<br><a href="${href}">${href}</a></p>`,
    )
  }
}
