import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ProposalDecided, ProposalMade } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import type { ParameterKey } from '@erp-steward/regulation/parameters'
import { Type, type Static, type TSchema } from 'typebox'
import Value from 'typebox/value'
import type { EntityManager } from 'typeorm'
import { assertAnotherPerson, handsOf } from './another-person.ts'
import { assertVersion } from './commit.ts'
import { isConstraintViolation } from './constraint.ts'
import { defineTask, type Task } from './jobs.ts'
import { isOfInterest, type Interest } from './measured-interest.ts'
import { readParameter } from './parameters.ts'
import type { Proposal, ProposalKind } from './proposal.ts'
import { someoneCan } from './someone-can.ts'
import { settleWait, type Wait, type Waits } from './waits.ts'

/** How long a proposal of a service waits for its decision. */
const VALID_FOR = {
  identity: 'identity.proposal.valid_for',
  'incident-tiering': 'incident.proposal.valid_for',
  'monitoring-ingest': 'monitoring.proposal.valid_for',
  'backup-orchestration': 'backup.proposal.valid_for',
  assessment: 'assessment.proposal.valid_for',
} as const satisfies Record<ServiceName, ParameterKey>

export const PROPOSAL_COLUMNS = `id, kind, subject, subject_version as "subjectVersion", body, reason,
  proposed_by as "proposedBy", proposed_by_person as "proposedByPersonId",
  proposer_controllers as "proposerControllers", proposed_role as "proposedRole",
  proposed_at as "proposedAt", expires_at as "expiresAt", concerned_persons as "concernedPersonIds",
  concerned_units as "concernedUnitIds", people_of_units as "peopleOfUnits", state,
  decided_by as "decidedBy", decided_by_person as "decidedByPersonId", decided_at as "decidedAt",
  decision_reason as "decisionReason", version,
  (select raised_at from wait_alarm
    where wait_alarm.subject = proposal.id::text and alarm = 'undecidable') as "undecidableSince"`

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
  if (handsOf(act).length === 0) throw nobodyKnown()
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
  const isDecidable = isKnown(proposal) && (await someoneCan(tx, service, decider, now))
  return {
    ...{ kind: kind.kind, subject: id, permission: decide, unitIds: concernedUnitIds },
    ...{ since: proposedAt, expiresAt, isDecidable },
  }
}

export interface DecideProposal {
  readonly id: string
  readonly decision: 'approved' | 'rejected'
  readonly reason: string | null
}

/**
 * Approves a proposal, which takes effect in the same transaction, or rejects it. Of several who decide at once one does.
 *
 * @throws Problem `not-found`, `proposal-decided` (also after its time), `version-stale`, `administrator-unnamed` (nobody
 *   knows whose it is), `same-person` (who proposed it, or is the person concerned), `concerned` (of a concerned unit, now
 *   or when it was proposed, or of those whose work it measures), `proposal-stale`, and whatever refuses the effect, in which case the proposal stays pending
 */
export async function decideProposal(
  tx: EntityManager,
  service: ServiceName,
  kind: ProposalKind,
  { id, decision, reason }: DecideProposal,
  expected: number,
  act: Act,
): Promise<Proposal> {
  const { body } = await proposalById(tx, id)
  if (!Value.Check(kind.body, body))
    throw new Problem(
      'proposal-stale',
      said('It was made for an earlier release of the product.', '它是为本产品的较早版本所作。'),
    )
  // What is changed is locked before the proposal, as where a proposal is made: two that meet wait, neither is cut off.
  const version = decision === 'approved' ? ((await kind.version?.(tx, body)) ?? null) : null
  const proposal = await lockPending(tx, id, expected, act)
  assertMayDecide(proposal, act)
  await assertOfAnotherInterest(tx, kind, proposal, act)
  if (decision === 'approved') {
    if (version !== proposal.subjectVersion)
      throw new Problem(
        'proposal-stale',
        said(
          'What it would change has changed since it was proposed.',
          '自提出以来,所要更改的内容已发生变化。',
        ),
      )
    await kind.apply(tx, body, act, proposal)
  }
  return close(tx, service, proposal, decision, reason, act)
}

/**
 * Takes a proposal back; only who made it may.
 *
 * @throws Problem `not-found`, `proposal-decided`, `version-stale`, `not-concerned`
 */
export async function withdrawProposal(
  tx: EntityManager,
  service: ServiceName,
  { id, reason }: { readonly id: string; readonly reason: string | null },
  expected: number,
  act: Act,
): Promise<Proposal> {
  const proposal = await lockPending(tx, id, expected, act)
  if (!proposedBy(proposal, act))
    throw new Problem(
      'not-concerned',
      said('Only who made the proposal takes it back.', '只有提案人可以撤回提案。'),
    )
  return close(tx, service, proposal, 'withdrawn', reason, act)
}

/** @throws Problem `not-found` */
export async function proposalById(tx: EntityManager, id: string): Promise<Proposal> {
  const [proposal]: Proposal[] = await tx.query(
    `select ${PROPOSAL_COLUMNS} from proposal where id = $1`,
    [id],
  )
  if (proposal === undefined)
    throw new Problem('not-found', said(`There is no proposal ${id}.`, `没有提案 ${id}。`))
  return proposal
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
  for (const proposal of overdue) await close(tx, service, proposal, 'expired', null, act)
}

async function lockPending(tx: EntityManager, id: string, expected: number, { now }: Act) {
  const [proposal]: Proposal[] = await tx.query(
    `select ${PROPOSAL_COLUMNS} from proposal where id = $1 for update`,
    [id],
  )
  if (proposal === undefined)
    throw new Problem('not-found', said(`There is no proposal ${id}.`, `没有提案 ${id}。`))
  if (proposal.state !== 'pending')
    throw new Problem(
      'proposal-decided',
      said(`The proposal is ${proposal.state}.`, `该提案的状态为 ${proposal.state}。`),
    )
  if (proposal.expiresAt <= now)
    throw new Problem('proposal-decided', said('Its time is over.', '其期限已过。'))
  assertVersion(proposal.version, expected)
  return proposal
}

function assertMayDecide(proposal: Proposal, act: Act) {
  if (!isKnown(proposal)) throw nobodyKnown()
  if (proposedBy(proposal, act))
    throw new Problem('same-person', said('Who proposes does not decide.', '提案人不得作出决定。'))
  assertAnotherPerson(
    act,
    [proposal.proposedByPersonId, ...proposal.proposerControllers],
    'Who proposes does not decide.',
  )
  assertAnotherPerson(act, proposal.concernedPersonIds, 'It concerns you.')
  const isOfUnit = act.unitId !== null && proposal.concernedUnitIds.includes(act.unitId)
  const wasOfUnit = act.personId !== null && proposal.peopleOfUnits.includes(act.personId)
  if (isOfUnit || wasOfUnit)
    throw new Problem(
      'concerned',
      said(
        'It concerns your unit, or the one you were of when it was proposed.',
        '它涉及您的单位,或提出时您所属的单位。',
      ),
    )
}

/** Rejecting, too, is deciding: what measures them more strictly than they like would never come. */
async function assertOfAnotherInterest(
  tx: EntityManager,
  kind: ProposalKind,
  proposal: Proposal,
  act: Act,
): Promise<void> {
  const interest = await interestBesides(tx, kind, proposal, act.now)
  if (interest === null || !(await isOfInterest(tx, act, interest))) return
  throw new Problem(
    'concerned',
    said('It measures the work of your role or your department.', '它衡量您的角色或部门的工作。'),
  )
}

/** The interest of which nobody decides the proposal; `null` where nobody is measured, or may agree with somebody else. */
async function interestBesides<Body extends TSchema>(
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
const isKnown = ({ proposedByPersonId, proposerControllers }: Proposal) =>
  handsOf({ personId: proposedByPersonId, controllers: proposerControllers }).length > 0

const nobodyKnown = () =>
  new Problem(
    'administrator-unnamed',
    said('Nobody knows which person proposes.', '无法得知提案的人员。'),
  )

/** By account, too: one of which nobody knew whose it was. */
function proposedBy({ proposedBy: account, proposedByPersonId }: Proposal, act: Act): boolean {
  return account === act.actor || (act.personId !== null && act.personId === proposedByPersonId)
}

async function close(
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

function pending(proposalId: string | null) {
  return new Problem(
    'proposal-pending',
    said('The same change waits for its decision.', '同样的变更正在等待决定。'),
    { proposalId },
  )
}
