import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Static, TSchema } from 'typebox'
import type { EntityManager } from 'typeorm'
import { handsOf } from './another-person.ts'
import { isOfInterest, type Interest } from './measured-interest.ts'
import type { Proposal, ProposalKind } from './proposal.ts'

/** The interest of which nobody decides the proposal; `null` where nobody is measured, or may agree with somebody else. */
export async function interestBesides<Body extends TSchema>(
  tx: EntityManager,
  kind: Pick<ProposalKind<Body>, 'measures' | 'measuredMayAgree'>,
  { body, proposedByPersonId, proposerControllers, proposedRole }: Proposal,
  now: Date,
): Promise<Interest | null> {
  const interest = kind.measures?.(body as Static<Body>) ?? null
  if (interest === null || kind.measuredMayAgree !== true) return interest
  const proposer = {
    personId: proposedByPersonId,
    controllers: proposerControllers,
    role: proposedRole,
    now,
  }
  return (await isOfInterest(tx, proposer, interest)) ? interest : null
}

/** Whether it is known which person proposed, by the own account or through a client. */
export const isProposerKnown = ({ proposedByPersonId, proposerControllers }: Proposal) =>
  handsOf({ personId: proposedByPersonId, controllers: proposerControllers }).length > 0

export const proposerUnknown = () =>
  new Problem(
    'administrator-unnamed',
    said('Nobody knows which person proposes.', '无法得知提议的人员。'),
  )
