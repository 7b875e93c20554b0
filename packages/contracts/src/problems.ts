import { assessmentProblems } from './problems/assessment.ts'
import { backupProblems } from './problems/backup.ts'
import { changeProblems } from './problems/change.ts'
import { httpProblems } from './problems/http.ts'
import { identityProblems } from './problems/identity.ts'
import { incidentProblems } from './problems/incident.ts'
import { monitoringProblems } from './problems/monitoring.ts'
import { scimProblems } from './problems/scim.ts'
import { sharedProblems } from './problems/shared.ts'
import type { ProblemDefinition } from './problems/problem-definition.ts'

/**
 * The closed list of problem codes. A code never changes its meaning and stands in one of the tables;
 * `docs/problems.md` is written from here.
 *
 * The `type` of a problem document is `/problems/<code>` (RFC 9457).
 */
export const problems = {
  ...httpProblems,
  ...sharedProblems,
  ...identityProblems,
  ...scimProblems,
  ...incidentProblems,
  ...changeProblems,
  ...backupProblems,
  ...monitoringProblems,
  ...assessmentProblems,
} as const satisfies Record<string, ProblemDefinition>

export type ProblemCode = keyof typeof problems

/** What a code means, `undefined` for a text that is none. */
export const problemNamed = (code: string): ProblemDefinition | undefined =>
  Object.entries(problems).find(([known]) => known === code)?.[1]
