import type { Bilingual } from '../bilingual.ts'
import type { ProblemMember } from './problem-members.ts'

/** What a problem code means; `status` is the HTTP status it is always sent with. */
export interface ProblemDefinition {
  readonly status: number
  readonly title: Bilingual
  /** What the caller does about it. */
  readonly remedy: Bilingual
  /** What the document says beyond RFC 9457. */
  readonly members: readonly ProblemMember[]
}

/** One line of a table of problems: the title, then the remedy, and the further members. */
export const problem = (
  status: number,
  title: Bilingual,
  remedy: Bilingual,
  members: readonly ProblemMember[] = [],
): ProblemDefinition => ({ status, title, remedy, members })
