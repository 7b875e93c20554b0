import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ProposalMade } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import type { ParameterKey } from '@erp-steward/regulation/parameters'
import { Type, type Static, type TSchema } from 'typebox'
import type { EntityManager } from 'typeorm'
import { handsOf } from './another-person.ts'
import { isConstraintViolation } from './constraint.ts'
import { defineTask, type Task } from './jobs.ts'
import { readParameter } from './parameters.ts'
import type { Proposal, ProposalKind } from './proposal.ts'
import { interestBesides, isProposerKnown, proposerUnknown } from './proposer.ts'
import { someoneCan } from './someone-can.ts'
import { closeProposal, PROPOSAL_COLUMNS } from './stored-proposal.ts'
import { settleWait, type Wait, type Waits } from './waits.ts'

/** How long a proposal of a service waits for its decision. */
const VALID_FOR = {
  identity: 'identity.proposal.valid_for',
  'incident-tiering': 'incident.proposal.valid_for',
  'monitoring-ingest': 'monitoring.proposal.valid_for',
  'backup-orchestration': 'backup.proposal.valid_for',
  assessment: 'assessment.proposal.valid_for',
} as const satisfies Record<ServiceName, ParameterKey>

export interface Propose<Body extends TSchema> {
  readonly body: Static<Body>
  readonly reason: string
}

/**
 * Stores a change that waits for a second person. Nothing takes effect.
 *
 * Check the change as if it were made before you call it, so that nobody is asked to approve what would be refused. Where
 * nobody can decide it, that is an alarm at once.
 *
 * @throws Problem `administrator-unnamed` where nobody knows which person proposes: the same one could decide it by another
 *   account; `proposal-pending` with `proposalId` while the same subject waits for a decision
 */
export async function propose<Body extends TSchema>(
  tx: EntityManager,
  service: ServiceName,
  kind: ProposalKind<Body>,
  { body, reason }: Propose<Body>,
  act: Act,
): Promise<Proposal> {
  if (handsOf(act).length === 0) throw proposerUnknown()
  const subject = kind.subject(body)
  const subjectVersion = (await kind.version?.(tx, body)) ?? null
  const { personIds, unitIds } = await kind.concerns(tx, body)
  const { value: validFor } = await readParameter(tx, VALID_FOR[service], null, act.now)
  await expire(tx, service, act, { kind: kind.kind, subject })
  const [waiting]: { id: string }[] = await tx.query(
    `select id from proposal where kind = $1 and subject = $2 and state = 'pending'`,
    [kind.kind, subject],
  )
  if (waiting !== undefined) throw pending(waiting.id)
  const id = randomUUID()
  const expiresAt = new Date(act.now.getTime() + durationMs(validFor))
  let rows: Proposal[]
  try {
    rows = await tx.query(
      `insert into proposal (id, kind, subject, subject_version, body, reason, proposed_by,
         proposed_by_person, proposer_controllers, proposed_role, proposed_at, expires_at,
         concerned_persons, concerned_units, people_of_units, state, version)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
         array(select id from person where unit_id = any($14) and active), 'pending', 1)
       returning ${PROPOSAL_COLUMNS}`,
      [
        ...[id, kind.kind, subject, subjectVersion, JSON.stringify(body), reason, act.actor],
        ...[act.personId, act.controllers, act.role, act.now, expiresAt],
        ...[personIds, unitIds],
      ],
    )
  } catch (error) {
    if (isConstraintViolation(error, 'proposal_one_pending')) throw pending(null)
    throw error
  }
  const [proposal] = rows
  if (proposal === undefined) throw new Error('the proposal was not stored')
  await appendEvent(
    tx,
    service,
    ProposalMade,
    id,
    {
      proposalId: id,
      service,
      kind: kind.kind,
      subject,
      body,
      reason,
      proposedByPersonId: act.personId,
      concernedPersonIds: [...personIds],
      concernedUnitIds: [...unitIds],
      expiresAt: expiresAt.toISOString(),
    },
    act,
  )
  const wait = await waitOf(tx, service, kind, proposal, act.now)
  await settleWait(tx, service, wait, act)
  return wait.isDecidable ? proposal : { ...proposal, undecidableSince: act.now }
}

/** What waits in a service for the decision of a proposal. */
export function proposalWaits(service: ServiceName, kinds: readonly ProposalKind[]): Waits {
  return async (tx, { now }) => {
    const pending: Proposal[] = await tx.query(
      `select ${PROPOSAL_COLUMNS} from proposal
        where state = 'pending' and expires_at > $1 order by proposed_at, id`,
      [now],
    )
    const waits: Wait[] = []
    for (const proposal of pending) {
      // One of another release of the product is decided by nobody, and ends.
      const kind = kinds.find((each) => each.kind === proposal.kind)
      if (kind !== undefined) waits.push(await waitOf(tx, service, kind, proposal, now))
    }
    return waits
  }
}

/**
 * As `decideProposal` demands: neither who proposed nor who is concerned or measured decides, nor does anybody whose range
 * is a unit.
 */
async function waitOf<Body extends TSchema>(
  tx: EntityManager,
  service: ServiceName,
  kind: ProposalKind<Body>,
  proposal: Proposal,
  now: Date,
): Promise<Wait> {
  const { id, concernedUnitIds, proposedAt, expiresAt } = proposal
  const { decide } = kind
  const decider = {
    permission: decide,
    isOfCompany: true,
    notPersonIds: [
      ...[proposal.proposedByPersonId, ...proposal.proposerControllers],
      ...[...proposal.concernedPersonIds, ...proposal.peopleOfUnits],
    ],
    notUnitIds: concernedUnitIds,
    notOf: await interestBesides(tx, kind, proposal, now),
  }
  const isDecidable = isProposerKnown(proposal) && (await someoneCan(tx, service, decider, now))
  return {
    ...{ kind: kind.kind, subject: id, permission: decide, unitIds: concernedUnitIds },
    ...{ since: proposedAt, expiresAt, isDecidable },
  }
}

/** Ends the proposals whose time is over. */
export function expireProposals(service: ServiceName): Task {
  return defineTask('expire-proposals', Type.Object({}), (tx, _, act) => expire(tx, service, act))
}

/** Every five minutes; one whose time is over cannot be approved in between either. */
export const expireProposalsCrontab = '*/5 * * * * expire-proposals'

async function expire(
  tx: EntityManager,
  service: ServiceName,
  act: Act,
  only: { readonly kind: string; readonly subject: string } | null = null,
) {
  const overdue: Proposal[] = await tx.query(
    `select ${PROPOSAL_COLUMNS} from proposal
      where state = 'pending' and expires_at <= $1 and ($2::text is null or (kind = $2 and subject = $3))
      order by id for update skip locked`,
    [act.now, only?.kind ?? null, only?.subject ?? null],
  )
  for (const proposal of overdue) await closeProposal(tx, service, proposal, 'expired', null, act)
}

function pending(proposalId: string | null) {
  return new Problem(
    'proposal-pending',
    said('The same change waits for its decision.', '同样的变更正在等待决定。'),
    { proposalId },
  )
}
