import type { Report } from '@erp-steward/contracts/agent-protocol'

type Cause = Extract<Report, { outcome: 'failed' }>['cause']

/** Work that ends without a result; `message` is shown to people and holds no secret. */
export class WorkFailed extends Error {
  readonly reportedCause: Cause

  constructor(reportedCause: Cause, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'WorkFailed'
    this.reportedCause = reportedCause
  }
}

/** The settings of this host do not allow it, or what was asked is not safe to do. */
export function refuse(detail: string): never {
  throw new WorkFailed('refused', detail)
}

/** Text as one line of at most `maxLength` UTF-16 units; control characters become spaces, nothing becomes `-`. */
export function asLine(text: string, maxLength: number): string {
  // eslint-disable-next-line no-control-regex -- the characters that a line may not hold
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim()
  const cut = line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line
  return cut.toWellFormed() || '-'
}

/** The `code` of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
