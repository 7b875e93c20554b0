import { problems, type ProblemCode } from './problems.ts'

/**
 * A refusal that the caller can act on; the only kind of error whose text leaves the process.
 *
 * Everything else that is thrown is a bug or an outage and shows as a bare 500.
 */
export class Problem extends Error {
  readonly code: ProblemCode
  /** Further members of the problem document, for example `errors` or `current`. */
  readonly extras: Readonly<Record<string, unknown>>

  constructor(code: ProblemCode, detail: string, extras: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.extras = extras
  }

  /** HTTP status, fixed per code. */
  get status(): number {
    return problems[this.code].status
  }
}
