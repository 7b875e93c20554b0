import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import Value from 'typebox/value'
import type { EntityManager } from 'typeorm'
import { assertAnotherPerson } from './another-person.ts'
import { assertVersion } from './commit.ts'
import { isOfInterest } from './measured-interest.ts'
import type { Proposal, ProposalKind } from './proposal.ts'
import { interestBesides, isProposerKnown, proposerUnknown } from './proposer.ts'
import { closeProposal, proposalById, PROPOSAL_COLUMNS } from './stored-proposal.ts'

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
          '自提出以来，所要更改的内容已发生变化。',
        ),
      )
    await kind.apply(tx, body, act, proposal)
  }
  return closeProposal(tx, service, proposal, decision, reason, act)
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
      said('Only who made the proposal takes it back.', '只有提议人可以撤回提议。'),
    )
  return closeProposal(tx, service, proposal, 'withdrawn', reason, act)
}

async function lockPending(tx: EntityManager, id: string, expected: number, { now }: Act) {
  const [proposal]: Proposal[] = await tx.query(
    `select ${PROPOSAL_COLUMNS} from proposal where id = $1 for update`,
    [id],
  )
  if (proposal === undefined)
    throw new Problem('not-found', said(`There is no proposal ${id}.`, `没有提议 ${id}。`))
  if (proposal.state !== 'pending')
    throw new Problem(
      'proposal-decided',
      said(`The proposal is ${proposal.state}.`, `该提议的状态为 ${proposal.state}。`),
    )
  if (proposal.expiresAt <= now)
    throw new Problem('proposal-decided', said('Its time is over.', '其期限已过。'))
  assertVersion(proposal.version, expected)
  return proposal
}

const OWN_PROPOSAL = said('Who proposes does not decide.', '提议人不得作出决定。')

function assertMayDecide(proposal: Proposal, act: Act) {
  if (!isProposerKnown(proposal)) throw proposerUnknown()
  if (proposedBy(proposal, act)) throw new Problem('same-person', OWN_PROPOSAL)
  assertAnotherPerson(
    act,
    [proposal.proposedByPersonId, ...proposal.proposerControllers],
    OWN_PROPOSAL,
  )
  assertAnotherPerson(
    act,
    proposal.concernedPersonIds,
    said('It concerns you.', '此事项涉及您本人。'),
  )
  const isOfUnit = act.unitId !== null && proposal.concernedUnitIds.includes(act.unitId)
  const wasOfUnit = act.personId !== null && proposal.peopleOfUnits.includes(act.personId)
  if (isOfUnit || wasOfUnit)
    throw new Problem(
      'concerned',
      said(
        'It concerns your unit, or the one you were of when it was proposed.',
        '它涉及您的单位，或提出时您所属的单位。',
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

/** By account, too: one of which nobody knew whose it was. */
function proposedBy({ proposedBy: account, proposedByPersonId }: Proposal, act: Act): boolean {
  return account === act.actor || (act.personId !== null && act.personId === proposedByPersonId)
}
