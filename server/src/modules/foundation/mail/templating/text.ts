// The text part of a mail, from its HTML.
import { compile } from 'html-to-text'

/**
 * Paragraphs and lists as such; links with their addresses; a button's address on a line of its own; tables with the class `data` with a
 * line for each row. The library's own tables are laid out in columns, whose cost grows with what a cell says of its width and span.
 */
const convert = compile({
  wordwrap: false,
  limits: { maxInputLength: 1_000_000, maxDepth: 120 },
  formatters: {
    row(element, walk, builder) {
      builder.openBlock({ leadingLineBreaks: 1 })
      const cells = element.children.filter(({ name }) => name === 'td' || name === 'th')
      for (const [at, cell] of cells.entries()) {
        if (at > 0) builder.addInline(' | ')
        walk(cell.children, builder)
      }
      builder.closeBlock({ trailingLineBreaks: 1 })
    },
    button(element, walk, builder) {
      builder.openBlock({ leadingLineBreaks: 2 })
      walk(element.children, builder)
      builder.addInline(':')
      builder.addLineBreak()
      builder.addInline(element.attribs.href ?? '', { noWordTransform: true })
      builder.closeBlock({ trailingLineBreaks: 2 })
    },
  },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: '.preheader', format: 'skip' },
    { selector: '.button-help', format: 'skip' },
    { selector: 'a', options: { linkBrackets: ['(', ')'], hideLinkHrefIfSameAsText: true } },
    { selector: 'a.button', format: 'button' },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 2 },
    })),
    ...['table', 'td', 'th'].map((selector) => ({
      selector,
      format: 'block',
      options: { leadingLineBreaks: 1, trailingLineBreaks: 1 },
    })),
    { selector: 'table.data', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
    ...['', 'thead > ', 'tbody > ', 'tfoot > '].map((part) => ({ selector: `table.data > ${part}tr`, format: 'row' })),
  ],
})

export function textOf(html: string): string {
  return tidied(convert(html))
}

/** No space at the ends of lines, no more than one empty line. */
export function tidied(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // Without the look behind, each blank of a run that ends nothing would be tried as its beginning.
      .replace(/(?<![ \t])[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  )
}
