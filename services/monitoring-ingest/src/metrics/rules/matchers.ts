/** A condition on one label; a label that a series does not have counts as the empty text, as in Prometheus. */
export interface Matcher {
  readonly label: string
  readonly op: '=' | '!='
  readonly value: string
}

/** Form of a label name. Source: Prometheus data model. */
export const LABEL_NAME = '^[a-zA-Z_][a-zA-Z0-9_]*$'

const FORM = /^([a-zA-Z_][a-zA-Z0-9_]*)(=|!=)"((?:[^"\\]|\\["\\n])*)"$/

/** Reads `name="value"` or `name!="value"` with the escapes \", \\ and \n; `null` when the text is neither. */
export function parseMatcher(text: string): Matcher | null {
  const parts = FORM.exec(text)
  if (parts === null) return null
  const [, label = '', op, quoted = ''] = parts
  const value = quoted.replaceAll(/\\(.)/g, (_, escaped: string) =>
    escaped === 'n' ? '\n' : escaped,
  )
  return { label, op: op === '=' ? '=' : '!=', value }
}

/** Whether a series with these labels meets every condition. */
export function matches(
  matchers: readonly Matcher[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return matchers.every(({ label, op, value }) => {
    const held = Object.hasOwn(labels, label) ? labels[label] : ''
    return (held === value) === (op === '=')
  })
}
