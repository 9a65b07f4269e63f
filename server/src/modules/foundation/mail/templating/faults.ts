// What is wrong with a template or with what it is told, and where.

/** `part` is the field that it stands in, such as `html`; `line` counts from 1 in what the author wrote. */
export class TemplateFault extends Error {
  readonly part: string
  readonly line: number | undefined

  constructor(part: string, message: string, line?: number) {
    super(line === undefined ? message : `Line ${line}: ${message}`)
    this.name = 'TemplateFault'
    this.part = part
    this.line = line
  }
}

/** The line, from 1, of a place in a source. */
export function lineAt(source: string, place: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < place; at = source.indexOf('\n', at + 1)) line++
  return line
}
