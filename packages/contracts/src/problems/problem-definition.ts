/** What a problem code means; `status` is the HTTP status it is always sent with. */
export interface ProblemDefinition {
  readonly status: number
  readonly title: { readonly en: string; readonly 'zh-CN': string }
  /** What the caller does about it. */
  readonly remedy: string
}

/** One line of a table of problems: the titles in English and Chinese, then the remedy. */
export const problem = (
  status: number,
  en: string,
  zh: string,
  remedy: string,
): ProblemDefinition => ({
  status,
  title: { en, 'zh-CN': zh },
  remedy,
})
