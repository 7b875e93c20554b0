import { canonicalJson, sha256 } from './canonical-json.ts'
import type { Plan } from './plan.ts'

/** The members of a plan that an approval holds for: all that is written in it, and what the catalogue said. */
export function sealedPlan(plan: SealedPlan) {
  const { number, kind, purpose, incidentNumber, targetId, runId, copyId, facts } = plan
  const { steps, checkPoints, fallback, peopleInvolved, plannedFor, requesterPersonId } = plan
  return {
    plan: {
      number,
      kind,
      purpose,
      incidentNumber,
      targetId,
      runId,
      copyId,
      facts,
      steps,
      checkPoints,
      fallback,
      peopleInvolved,
      plannedFor,
      requesterPersonId,
    },
  }
}

export type SealedPlan = Pick<
  Plan,
  | 'number'
  | 'kind'
  | 'purpose'
  | 'incidentNumber'
  | 'targetId'
  | 'runId'
  | 'copyId'
  | 'facts'
  | 'steps'
  | 'checkPoints'
  | 'fallback'
  | 'peopleInvolved'
  | 'plannedFor'
  | 'requesterPersonId'
>

/** SHA-256 of the canonical JSON of what is approved; any other wording has another. Source. */
export function planDigest(plan: SealedPlan): string {
  return sha256(canonicalJson(sealedPlan(plan)))
}
