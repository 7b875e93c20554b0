import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { ProposalDecided } from '@erp-steward/contracts/platform-events'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { Proposal } from './proposal.ts'

/** What a proposal is read by, from the table of the service. */
export const PROPOSAL_COLUMNS = `id, kind, subject, subject_version as "subjectVersion", body, reason,
  proposed_by as "proposedBy", proposed_by_person as "proposedByPersonId",
  proposer_controllers as "proposerControllers", proposed_role as "proposedRole",
  proposed_at as "proposedAt", expires_at as "expiresAt", concerned_persons as "concernedPersonIds",
  concerned_units as "concernedUnitIds", people_of_units as "peopleOfUnits", state,
  decided_by as "decidedBy", decided_by_person as "decidedByPersonId", decided_at as "decidedAt",
  decision_reason as "decisionReason", version,
  (select raised_at from wait_alarm
    where wait_alarm.subject = proposal.id::text and alarm = 'undecidable') as "undecidableSince"`

/** @throws Problem `not-found` */
export async function proposalById(tx: EntityManager, id: string): Promise<Proposal> {
  const [proposal]: Proposal[] = await tx.query(
    `select ${PROPOSAL_COLUMNS} from proposal where id = $1`,
    [id],
  )
  if (proposal === undefined)
    throw new Problem('not-found', said(`There is no proposal ${id}.`, `没有提议 ${id}。`))
  return proposal
}

/** Ends a proposal whose row the caller holds, and states how. */
export async function closeProposal(
  tx: EntityManager,
  service: ServiceName,
  proposal: Proposal,
  decision: 'approved' | 'rejected' | 'withdrawn' | 'expired',
  reason: string | null,
  act: Act,
): Promise<Proposal> {
  const { id, kind, subject, proposedByPersonId } = proposal
  const isDecided = decision !== 'expired'
  const decided: Proposal = {
    ...proposal,
    state: decision,
    decidedBy: isDecided ? act.actor : null,
    decidedByPersonId: isDecided ? act.personId : null,
    decidedAt: act.now,
    decisionReason: reason,
    version: proposal.version + 1,
  }
  await tx.query(
    `update proposal set state = $2, decided_by = $3, decided_by_person = $4, decided_at = $5,
            decision_reason = $6, version = $7
      where id = $1`,
    [
      ...[id, decision, decided.decidedBy, decided.decidedByPersonId, act.now, reason],
      decided.version,
    ],
  )
  await appendEvent(
    tx,
    service,
    ProposalDecided,
    id,
    {
      ...{ proposalId: id, service, kind, subject, decision, proposedByPersonId, reason },
      decidedByPersonId: decided.decidedByPersonId,
    },
    act,
  )
  return decided
}
