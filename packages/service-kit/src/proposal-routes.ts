import { permissions } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { about, nullable, Paragraph } from '@erp-steward/contracts/values'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { App } from './app.ts'
import { assertReaches, principalOf, unitInRange } from './authentication.ts'
import { change, etag, type Created } from './commit.ts'
import { languageOf } from './language.ts'
import {
  boundTo,
  cursorOf,
  decodeInstantCursor,
  listOf,
  page,
  pageOf,
  PageQuery,
} from './paging.ts'
import {
  ProposalState,
  ProposalView,
  viewOf,
  type Proposal,
  type ProposalKind,
} from './proposal.ts'
import { waitAlarms, WaitAlarmView } from './waits.ts'
import { PathId } from './route-shapes.ts'
import { decideProposal, withdrawProposal } from './decide-proposal.ts'
import { PROPOSAL_COLUMNS, proposalById } from './stored-proposal.ts'

export interface ProposalRouteOptions {
  readonly service: ServiceName
  readonly db: DataSource
  readonly clock: () => Date
  readonly kinds: readonly ProposalKind[]
}

const Reason = Type.Object(
  { reason: about(Paragraph(500), 'Why; it stays with the proposal and in the audit log.') },
  { additionalProperties: false },
)

/** What was proposed in one service: read, decided by a second person, or taken back. */
export function proposalRoutes(
  app: App,
  { service, db, clock, kinds }: ProposalRouteOptions,
): void {
  const byKind = new Map(kinds.map((each) => [each.kind, each]))
  if (byKind.size < kinds.length) throw new Error(`${service} has two proposals of one kind`)
  const base = `/v1/proposals/${service}`
  const operation = (verb: string) =>
    `${verb}-${service}-proposal`.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  const listing = `${operation('list')}s`
  const ofKinds = kinds.flatMap(({ problems = [] }) => problems)
  const params = Type.Object({ id: PathId })

  function kindOf({ kind }: Proposal): ProposalKind {
    const known = byKind.get(kind)
    if (known === undefined)
      throw new Problem(
        'proposal-stale',
        said('It was made for another release of the product.', '它是为本产品的另一版本所作。'),
      )
    return known
  }

  function view(request: FastifyRequest, proposal: Proposal): ProposalView {
    return viewOf(kindOf(proposal), proposal, languageOf(request))
  }

  app.get(
    base,
    {
      config: { access: 'proposal.read' },
      schema: {
        operationId: listing,
        problems: ['outside-unit', 'proposal-stale'],
        summary:
          'What was proposed, oldest first; of your own unit, and your own, if that is your range.',
        tags: ['proposals'],
        querystring: Type.Object({
          ...PageQuery,
          state: Type.Optional(ProposalState),
          kind: Type.Optional(
            Type.Enum([...byKind.keys()].toSorted(), {
              description: 'Only proposals of this kind of change.',
            }),
          ),
        }),
        response: { 200: pageOf(ProposalView) },
      },
    },
    async (request) => {
      const { limit, cursor, state, kind } = request.query
      const [at, id] = decodeInstantCursor(cursorOf(listing, cursor))
      const rows: Proposal[] = await db.query(
        `select ${PROPOSAL_COLUMNS} from proposal
          where ($1::text is null or state = $1) and ($2::text is null or kind = $2)
            and kind = any($3) and ($4::uuid is null or $4 = any(concerned_units) or proposed_by = $5)
            and ($6::timestamptz is null or (proposed_at, id) > ($6, $7::uuid))
          order by proposed_at, id limit $8`,
        [
          ...[state ?? null, kind ?? null, [...byKind.keys()]],
          ...[unitInRange(request), principalOf(request).actor, at, id, limit + 1],
        ],
      )
      const listed = page(rows, limit, ({ proposedAt, id }) => [proposedAt.toISOString(), id])
      const items = listed.items.map((row) => view(request, row))
      return boundTo(listing, { ...listed, items })
    },
  )

  app.get(
    `${base}/alarms`,
    {
      config: { access: 'proposal.read' },
      schema: {
        operationId: `${operation('list')}Alarms`,
        problems: ['outside-unit'],
        summary:
          'What waits for another person in this service, a proposal or anything else, and nobody can decide, or ends undecided soon; oldest first, at most 1000.',
        tags: ['proposals'],
        response: { 200: listOf(WaitAlarmView) },
      },
    },
    async (request) => {
      assertReaches(request, null)
      return { items: await waitAlarms(db.manager) }
    },
  )

  app.get(
    `${base}/:id`,
    {
      config: { access: 'proposal.read' },
      schema: {
        operationId: operation('read'),
        problems: ['not-found', 'outside-unit', 'proposal-stale'],
        summary: 'One proposal with its decision.',
        tags: ['proposals'],
        params,
        response: { 200: ProposalView },
      },
    },
    async (request, reply) => {
      const found = await proposalById(db.manager, request.params.id)
      const own = unitInRange(request)
      const isReached =
        own === null ||
        found.concernedUnitIds.includes(own) ||
        found.proposedBy === principalOf(request).actor
      if (!isReached)
        throw new Problem(
          'outside-unit',
          said('Your range is your own unit.', '您的范围仅限本单位。'),
        )
      void reply.header('etag', etag(found.version))
      return view(request, found)
    },
  )

  const decisions = [
    { verb: 'approve', decision: 'approved', body: nullable(Type.Partial(Reason)) },
    { verb: 'reject', decision: 'rejected', body: Reason },
  ] as const
  for (const { verb, decision, body } of decisions)
    app.post(
      `${base}/:id/${verb}`,
      {
        config: { access: 'proposal.read', versioned: true, approves: true },
        schema: {
          operationId: operation(verb),
          problems: [
            ...(['administrator-unnamed', 'concerned', 'not-found', 'outside-unit'] as const),
            ...(['proposal-decided', 'proposal-stale', 'same-person'] as const),
            ...(verb === 'approve' ? ofKinds : []),
          ],
          summary:
            verb === 'approve'
              ? 'Approves as a second person who is not concerned; it takes effect at once.'
              : 'Rejects with a reason; nothing changes.',
          description: 'Needs the permission that `decide` of the proposal names.',
          tags: ['proposals'],
          params,
          body,
          response: { 200: ProposalView },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const kind = kindOf(await proposalById(db.manager, id))
        const role = deciderRole(request, kind)
        assertReaches(request, null)
        const decided = await change({ db, clock }, request, reply, (tx, act, expected) =>
          decideProposal(
            tx,
            service,
            kind,
            { id, decision, reason: request.body?.reason ?? null },
            expected,
            { ...act, role },
          ),
        )
        return view(request, decided)
      },
    )

  app.post(
    `${base}/:id/withdraw`,
    {
      config: { access: 'signed-in', versioned: true },
      schema: {
        operationId: operation('withdraw'),
        problems: ['not-concerned', 'not-found', 'proposal-decided', 'proposal-stale'],
        summary: 'Takes back what the caller proposed.',
        tags: ['proposals'],
        params,
        body: nullable(Type.Partial(Reason)),
        response: { 200: ProposalView },
      },
    },
    async (request, reply) => {
      const command = { id: request.params.id, reason: request.body?.reason ?? null }
      const withdrawn = await change({ db, clock }, request, reply, (tx, act, expected) =>
        withdrawProposal(tx, service, command, expected, act),
      )
      return view(request, withdrawn)
    },
  )
}

/** The caller's role that decides proposals of the kind; a client is no second person. */
function deciderRole(request: FastifyRequest, { decide }: ProposalKind): string {
  const principal = principalOf(request)
  const deciding: readonly string[] = permissions[decide]
  const role = principal.roles.find((held) => deciding.includes(held))
  if (role === undefined || !principal.permissions.has(decide))
    throw new Problem(
      'permission-missing',
      said(`The decision needs the permission ${decide}.`, `此决定需要权限 ${decide}。`),
      {
        permission: decide,
        roles: [...deciding],
      },
    )
  if (principal.kind === 'client')
    throw new Problem(
      'same-person',
      said('A client is no second person.', '客户端不能作为第二人。'),
    )
  return role
}

/** The answer to a creation that became a proposal: 202 with its place. */
export function proposalCreated(
  request: FastifyRequest,
  service: ServiceName,
  kind: ProposalKind,
  proposal: Proposal,
): Created<ProposalView> & { readonly location: string } {
  return {
    body: viewOf(kind, proposal, languageOf(request)),
    status: 202,
    location: `/v1/proposals/${service}/${proposal.id}`,
    version: proposal.version,
  }
}

/** The answer to a change that became a proposal: sets 202 and its place, and answers the proposal with its version. */
export function proposed(
  request: FastifyRequest,
  reply: FastifyReply,
  service: ServiceName,
  kind: ProposalKind,
  proposal: Proposal,
): ProposalView {
  const { body, location } = proposalCreated(request, service, kind, proposal)
  void reply.code(202).header('location', location)
  return body
}
