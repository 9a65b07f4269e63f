// What is wrong with a configuration: gathered to the end, then told at once.

export interface Fault {
  /** The variable, under the name at which it was found. */
  name: string
  /** What is wrong and what would be right; never holds a secret's value. */
  message: string
}

/** The configuration cannot be used. The message has one line for each fault, by variable. */
export class ConfigurationError extends Error {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ name, message }) => `  ${name} ${message}`)
    super(`The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`)
    this.name = 'ConfigurationError'
    this.faults = faults
  }
}

/** Collects faults: the first one of a variable stands, what follows from it is not told again. */
export class Faults {
  readonly #faults = new Map<string, string>()

  add(name: string, message: string): void {
    if (!this.#faults.has(name)) this.#faults.set(name, message)
  }

  has(name: string): boolean {
    return this.#faults.has(name)
  }

  throwIfAny(): void {
    const faults = [...this.#faults].map(([name, message]) => ({ name, message }))
    if (faults.length > 0) throw new ConfigurationError(faults)
  }
}
