import type { Problem } from '@erp-steward/contracts/problem'
import type { ProblemCode } from '@erp-steward/contracts/problems'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An operation of SCIM: its bodies are `application/scim+json`, its refusals say what RFC 7644, 3.12 has them say. */
    scim?: boolean
  }
}

export const SCIM_JSON = 'application/scim+json'

/** Where everything of SCIM is: below it also what is not there, or needs a token, is refused in its words. */
export const SCIM_ROOT = '/scim/v2'

/** Whether an address is one of SCIM, without its query or with it. */
export const isScimAddress = (url: string) =>
  url.startsWith(SCIM_ROOT) && /^(?:[/?]|$)/.test(url.slice(SCIM_ROOT.length))

/** The words of SCIM for what an operation refuses. Sources: RFC 7644, table 9; RFC 9865, 2. */
export const scimTypes = [
  'invalidFilter',
  'tooMany',
  'uniqueness',
  'mutability',
  'invalidSyntax',
  'invalidPath',
  'noTarget',
  'invalidValue',
  'invalidCursor',
] as const
export type ScimType = (typeof scimTypes)[number]

const TYPE_OF: Partial<Record<ProblemCode, ScimType>> = {
  'account-exists': 'uniqueness',
  'cursor-unusable': 'invalidCursor',
  'department-unknown': 'invalidValue',
  'employee-number-taken': 'uniqueness',
  'external-id-taken': 'uniqueness',
  'malformed-request': 'invalidSyntax',
  'person-twin': 'uniqueness',
  'person-unknown': 'invalidValue',
  'position-unknown': 'invalidValue',
  'scim-filter-refused': 'invalidFilter',
  'scim-mutability': 'mutability',
  'scim-path-refused': 'invalidPath',
  'scim-target-missing': 'noTarget',
  'scim-too-many': 'tooMany',
  'scim-value-refused': 'invalidValue',
  'unit-unknown': 'invalidValue',
  'user-name-taken': 'uniqueness',
  'validation-failed': 'invalidValue',
}

/** What a client of SCIM is told, `null` where the status says it all. */
export const scimTypeOf = (code: ProblemCode): ScimType | null => TYPE_OF[code] ?? null

/** The status that a client of SCIM is told: 409 for what another has, 400 with every other word. */
export function scimStatusOf({ code, status }: Pick<Problem, 'code' | 'status'>): number {
  const type = scimTypeOf(code)
  if (type === null) return status
  return type === 'uniqueness' ? 409 : 400
}

export const SCIM_ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** The body of a refusal; strict clients take no other member. Source: RFC 7644, 3.12. */
export function scimError(problem: Problem, detail: string) {
  const scimType = scimTypeOf(problem.code)
  return {
    schemas: [SCIM_ERROR],
    status: String(scimStatusOf(problem)),
    ...(scimType !== null && { scimType }),
    detail,
  }
}
