import type { Act } from '@erp-steward/contracts/act'
import type { Permission } from '@erp-steward/contracts/permissions'
import type { ProblemCode } from '@erp-steward/contracts/problems'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static, type TSchema } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Language } from './language.ts'
import type { Interest } from './measured-interest.ts'

/** Who is measured by a change or gains from it: they may ask for it, and never decide it. */
export interface Concerned {
  readonly personIds: readonly string[]
  /** Their people are concerned too, also those who move away while the proposal waits. */
  readonly unitIds: readonly string[]
}

/** A kind of change that takes two: one who proposes, and another, unconcerned person who decides. */
export interface ProposalKind<Body extends TSchema = TSchema> {
  /** `<noun>.<verb>`, unique in the service, for example `parameter.set`. */
  readonly kind: string
  readonly title: Readonly<Record<Language, string>>
  /** What is stored until it is decided; ids of persons, never their names or addresses. */
  readonly body: Body
  /** Who may decide; who may propose is the access of the operation that proposes. */
  readonly decide: Permission
  /** Codes of the problems with which its rules refuse the approval. */
  readonly problems?: readonly ProblemCode[]
  /** What is changed; a subject has one pending proposal of a kind at a time. */
  subject(body: Static<Body>): string
  concerns(tx: EntityManager, body: Static<Body>): Promise<Concerned>
  /** Whose work is measured by it, in every unit: one of them may ask for it, and never decides it. */
  measures?(body: Static<Body>): Interest | null
  /** With `measures`: one of them may decide what somebody of another interest proposed. */
  readonly measuredMayAgree?: true
  /**
   * Locks what is changed and answers its version. A proposal that was made for another version cannot be approved.
   * Leave it out where any version will do.
   */
  version?(tx: EntityManager, body: Static<Body>): Promise<number>
  /**
   * Gives the proposal its effect, in the transaction of the approval. What it throws refuses the approval, and the
   * proposal stays pending.
   *
   * @param act the decider's
   */
  apply(tx: EntityManager, body: Static<Body>, act: Act, proposal: Proposal): Promise<void>
}

/** Keeps the type of the body while checking the rest. */
export function defineProposal<Body extends TSchema>(kind: ProposalKind<Body>): ProposalKind<Body> {
  return kind
}

const states = ['pending', 'approved', 'rejected', 'withdrawn', 'expired'] as const
export const ProposalState = Type.Enum(states, {
  title: 'ProposalState',
  description:
    '`pending`: waits for a second person; `approved`: took effect; `rejected`; `withdrawn`: by who proposed it; `expired`: nobody decided in time.',
})

/** A proposal as it is stored; `version` is 1 while it waits and 2 afterwards. */
export interface Proposal {
  id: string
  kind: string
  subject: string
  subjectVersion: number | null
  body: unknown
  reason: string
  /** Account or client that proposed. */
  proposedBy: string
  proposedByPersonId: string | null
  /** The persons behind a proposing client. */
  proposerControllers: readonly string[]
  proposedRole: string
  proposedAt: Date
  expiresAt: Date
  concernedPersonIds: readonly string[]
  concernedUnitIds: readonly string[]
  /** People of the concerned units when it was proposed. */
  peopleOfUnits: readonly string[]
  state: (typeof states)[number]
  decidedBy: string | null
  decidedByPersonId: string | null
  decidedAt: Date | null
  decisionReason: string | null
  /** Since when nobody can decide it; `null` while somebody can. */
  undecidableSince: Date | null
  version: number
}

/** The answer 202 of an operation that proposes, and of those that read and decide. */
export const ProposalView = Type.Object(
  {
    id: Id,
    kind: Type.String({ description: 'What kind of change it is, `parameter.set` for example.' }),
    title: Type.String({ description: 'What is proposed, in the language of the caller.' }),
    subject: Type.String({ description: 'Key or id of what is changed.' }),
    body: Type.Unknown({ description: 'What takes effect when it is approved.' }),
    reason: Type.String({ description: 'Why it was proposed.' }),
    proposedBy: Type.String({ description: 'Account or client.' }),
    proposedByPersonId: nullable(Uuid, 'Whose account it is; null for a client.'),
    proposedRole: Type.String({ description: 'The role that the proposer acted in.' }),
    proposedAt: about(InstantOut, 'When it was proposed.'),
    expiresAt: about(InstantOut, 'From then on it can no longer be decided.'),
    concernedPersonIds: Type.Array(Uuid, {
      description: 'Who is measured by it or gains from it: they never decide it.',
    }),
    concernedUnitIds: Type.Array(Uuid, {
      description: 'Units whose people, also former ones, are concerned likewise.',
    }),
    decide: Type.String({ description: 'The permission that decides it.' }),
    state: ProposalState,
    decidedBy: nullable(
      Type.String(),
      'Account of who decided or withdrew it; null while it waits.',
    ),
    decidedByPersonId: nullable(Uuid, 'Whose account that is.'),
    decidedAt: nullable(InstantOut, 'When it was decided or withdrawn; null while it waits.'),
    decisionReason: nullable(Type.String(), 'Why it was decided so; an approval needs no reason.'),
    undecidableSince: nullable(
      InstantOut,
      'Since when nobody who may decide it is left; null while somebody is.',
    ),
    version: Type.Integer({ description: '1 while it waits, 2 afterwards.' }),
  },
  { title: 'Proposal' },
)
export type ProposalView = Static<typeof ProposalView>

/** A proposal as callers read it. */
export function viewOf(kind: ProposalKind, proposal: Proposal, language: Language): ProposalView {
  return {
    ...proposal,
    title: kind.title[language],
    decide: kind.decide,
    undecidableSince: proposal.state === 'pending' ? proposal.undecidableSince : null,
    concernedPersonIds: [...proposal.concernedPersonIds],
    concernedUnitIds: [...proposal.concernedUnitIds],
  }
}
