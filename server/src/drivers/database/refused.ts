// The refusal of a database that does not fit.

/** Thrown before anything is changed when the database does not fit what stands beside it: the migrations, or the installation. */
export class MigrationRefused extends Error {
  readonly problems: string[]

  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.name = 'MigrationRefused'
    this.problems = problems
  }
}
