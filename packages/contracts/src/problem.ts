import type { Bilingual } from './bilingual.ts'
import { problems, type ProblemCode } from './problems.ts'
import type { ProblemExtras } from './problems/problem-members.ts'

/**
 * A refusal that the caller can act on; the only kind of error whose text leaves the process.
 *
 * Everything else that is thrown is a bug or an outage and shows as a bare 500.
 */
export class Problem extends Error {
  readonly code: ProblemCode
  /** What was wrong this time; `message` is the English of it. */
  readonly detail: Bilingual
  /** Further members of the problem document, those that the table names for the code; a `Bilingual` is told in one language. */
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, detail: Bilingual, extras: ProblemExtras = {}) {
    super(detail.en)
    this.detail = detail
    this.name = 'Problem'
    this.code = code
    this.extras = extras
  }

  /** HTTP status, fixed per code. */
  get status(): number {
    return problems[this.code].status
  }
}
