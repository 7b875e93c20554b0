import { Type } from 'typebox'
import type { Bilingual } from '../bilingual.ts'
import { Uuid, nullable } from '../values.ts'

const text = (description: string) => Type.String({ description })
const instant = (description: string) => Type.String({ format: 'date-time', description })
const idOf = (description: string) => Type.String({ ...Uuid, description })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description })
const columns = (description: string) =>
  Type.Record(Type.String(), nullable(Type.String()), { description })

/** What a problem document may say beyond RFC 9457, by name; which of them a code comes with stands in its table. */
export const problemMembers = {
  errors: Type.Array(
    Type.Object({
      pointer: Type.Optional(text('Where in the body, a JSON pointer: `#/name`.')),
      parameter: Type.Optional(text('Which parameter of the address.')),
      rule: Type.Optional(text('Which rule for passwords.')),
      detail: text('What is wrong with it and what it may be, in the language preferred.'),
    }),
    { description: 'Each member at fault, at most 20 of those that a schema refused.' },
  ),
  currentVersion: count('The version that the resource has now; its `ETag` is this in quotes.'),
  permission: text('The permission that is missing.'),
  roles: Type.Array(Type.String(), { description: 'The roles that hold the permission.' }),
  coolingUntil: instant('When the cooling time of the account ends.'),
  proposalId: idOf('The proposal that waits.'),
  changeId: idOf('The emergency change whose papers are overdue.'),
  runId: idOf('The run that waits or is at work.'),
  newestId: idOf('The newest revision of the score sheet.'),
  twinId: idOf('The person who is the same, it seems.'),
  unitId: idOf('The unit whose parameters these are.'),
  sum: Type.Number({ description: 'What the weights add up to.' }),
  planDigest: text('Digest of the plan as it is now, SHA-256 in hexadecimal digits.'),
  plannedStart: instant('From when on the change may start.'),
  plannedEnd: instant('Until when the change may start.'),
  nextWindow: nullable(
    Type.Object({
      from: instant('Included.'),
      until: nullable(Type.String({ format: 'date-time' }), 'Excluded; null: not in sight.'),
    }),
    'When changes may start next; null: not in the next two months.',
  ),
  items: Type.Array(Type.String(), {
    description: 'Codes of the items that need a verdict or a note.',
  }),
  counts: counts('Rows of the list by what would become of them.'),
  rows: Type.Array(Type.Unknown(), {
    description: 'The refused rows, each as the report of an import has it.',
  }),
  written: count('Samples that are kept.'),
  refused: counts('Samples that were refused, by the reason.'),
  expected: columns('What should have been read back from EBS, by column.'),
  readBack: columns('What was read back from EBS, by column.'),
  violations: Type.Array(
    Type.Object({
      personId: nullable(Uuid, 'Who would hold both; null: whoever gets it.'),
      first: text('Code of one duty.'),
      second: text('Code of the other.'),
      held: Type.Array(Type.String(), { description: 'Names of the grants that carry them.' }),
      exceptionId: Type.Null({ description: 'No exception in force covers it.' }),
    }),
    { description: 'Who would hold which incompatible duties, at most 20.' },
  ),
  taskStatus: text('Where the task stands now.'),
  cause: text('The kind of failure, for the log.'),
  'violated-policies': Type.Array(Type.String(), {
    description: 'The quotas that are used up, as `RateLimit-Policy` names them.',
  }),
} as const

export type ProblemMember = keyof typeof problemMembers

/** The members that a problem is thrown with; `retryAfterSeconds` becomes the header `Retry-After`. */
export interface ProblemExtras extends Readonly<Partial<Record<ProblemMember, unknown>>> {
  readonly errors?: readonly ProblemFault[]
  readonly currentVersion?: number
  readonly retryAfterSeconds?: number
}

/** One thing that is wrong with a request. */
export interface ProblemFault {
  /** JSON pointer into the body, RFC 6901 as a URI fragment. */
  readonly pointer?: string
  /** Name of the path, query or header parameter. */
  readonly parameter?: string
  readonly rule?: string
  readonly detail: Bilingual
}
