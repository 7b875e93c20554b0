import type { ProblemMember } from './problem-members.ts'

/** What a problem code means; `status` is the HTTP status it is always sent with. */
export interface ProblemDefinition {
  readonly status: number
  readonly title: { readonly en: string; readonly 'zh-CN': string }
  /** What the caller does about it. */
  readonly remedy: string
  /** What the document says beyond RFC 9457. */
  readonly members: readonly ProblemMember[]
}

/** One line of a table of problems: the titles in English and Chinese, then the remedy, and the further members. */
export const problem = (
  status: number,
  en: string,
  zh: string,
  remedy: string,
  members: readonly ProblemMember[] = [],
): ProblemDefinition => ({
  status,
  title: { en, 'zh-CN': zh },
  remedy,
  members,
})
