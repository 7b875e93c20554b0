import { roles } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import {
  assertVersion,
  change,
  createOnce,
  etag,
  type Committer,
} from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import {
  ChangedSince,
  decodeSortCursor,
  sortKeyOf,
  SortQuery,
  type ListPosition,
} from '@erp-steward/service-kit/sorted-list'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { placeFilter, PlaceQuery } from '../organisation/place-filter.ts'
import { PersonName } from '../people/person-values.ts'
import { comparable, searchPage } from '../people/search-page.ts'
import { openName } from '../people/sealed-person.ts'
import { seesName, viewerOf, type Viewer } from '../people/show-person.ts'
import { administratorRoleNames } from './account.ts'
import { AccountChangeCommand, AccountChangeEntity, UserName } from './account-change.ts'
import { accountChanges } from './account-changes.ts'
import { accountsInRange, type AccountInRange } from './accounts-in-range.ts'
import { assertAnotherHand, assertNamed } from './another-hand.ts'
import { askForChange } from './ask-for-change.ts'
import { decideAccountChange } from './decide-account-change.ts'
import { freezeAccount, unfreezeAccount } from './freeze-account.ts'
import { lockAccount } from './lock-account.ts'
import { lockDownAccount } from './lock-down-account.ts'
import { rolesOfAccount } from './roles-of-account.ts'
import { openChange, openUserName } from './sealed-user-name.ts'
import { showAccount } from './show-account.ts'

const Status = Type.Enum(['active', 'frozen', 'disabled'])

const AccountView = Type.Object({
  id: Uuid,
  userName: Type.String(),
  personId: nullable(Uuid),
  personName: nullable(Type.String()),
  unitId: nullable(Uuid),
  administratorRole: nullable(Type.Enum([...administratorRoleNames])),
  status: Status,
  createdAt: InstantOut,
  changedAt: InstantOut,
  disabledAt: nullable(InstantOut),
  disabledReason: nullable(Type.String()),
  coolingUntil: nullable(InstantOut),
  rightsPending: Type.Boolean({
    description: 'The rights of the position wait for an approval after a move or a return.',
  }),
  unnamed: Type.Boolean({ description: 'An administrator account that belongs to no person.' }),
  version: Type.Integer(),
})

const LockedView = Type.Omit(AccountView, ['personName', 'unitId', 'unnamed', 'changedAt'])

const AccountWithRoles = Type.Object({
  ...AccountView.properties,
  roles: Type.Array(Type.Enum([...roles])),
  range: Type.Enum(['company', 'unit']),
})

const ChangeView = Type.Object({
  id: Uuid,
  kind: Type.String(),
  subjectId: Uuid,
  command: Type.Unknown(),
  reason: Type.String(),
  status: Type.Enum(['pending', 'approved', 'rejected']),
  requestedBy: Type.String(),
  requestedAt: InstantOut,
  decidedBy: nullable(Type.String()),
  decidedAt: nullable(InstantOut),
  decisionReason: nullable(Type.String()),
  version: Type.Integer(),
})

const ById = Type.Object({ id: Uuid })
const Reason = Type.Object({ reason: Paragraph(500) }, { additionalProperties: false })

export function accountRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)
  lockingRoutes(app, deps)
  lockdownRoute(app, deps)
  changeRoutes(app, deps)
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  app.get('/v1/accounts', {
    config: { access: 'account.read', clauses: ['A-2.1.1', 'A-4.3.3'] },
    schema: {
      operationId: 'listAccounts',
      summary: 'Accounts in the order they were made; within the own unit for callers of a unit.',
      description:
        '`nameContains` looks for a part of the user name, and of the name of the person where the caller may see it, and opens at most 20,000 accounts a request: a page may then have fewer rows than `limit`, or none, and still a `next`. Unit, department and position are those of the person.',
      tags: ['accounts'],
      querystring: Type.Object({
        ...PageQuery,
        ...SortQuery,
        ...PlaceQuery,
        userName: Type.Optional(UserName),
        nameContains: Type.Optional(PersonName),
        personId: Type.Optional(Uuid),
        status: Type.Optional(Status),
        administratorRole: Type.Optional(Type.Enum([...administratorRoleNames])),
        rightsPending: Type.Optional(Type.Boolean()),
        hasPassword: Type.Optional(
          Type.Boolean({
            description: 'Whether a password is in force, an own or an initial one.',
          }),
        ),
        changedSince: Type.Optional(ChangedSince),
      }),
      response: { 200: pageOf(AccountView) },
    },
    handler: async (request) => {
      const { limit, cursor, sort, nameContains, ...filter } = request.query
      const after = decodeSortCursor(cursor, sort)
      const keyOf = sortKeyOf(sort)
      const place = await placeFilter(db.manager, filter)
      const range = { ...filter, place, sort, unitId: unitInRange(request) }
      const viewer = await viewerOf(request, db.manager, clock())
      const read = (from: ListPosition, most: number) =>
        accountsInRange(db.manager, { ...range, after: from, limit: most })
      const found =
        nameContains === undefined
          ? page(await read(after, limit + 1), limit, keyOf)
          : await searchPage({ read, keyOf, after, limit, fits: partOfName(nameContains, viewer) })
      return { ...found, items: found.items.map((row) => showAccount(db.manager, viewer, row)) }
    },
  })

  /** Whether the user name, or the name of the person where the viewer may see it, has the part. */
  function partOfName(part: string, viewer: Viewer) {
    const wanted = comparable(part)
    return (row: AccountInRange) => {
      const { personId, personName, unitId } = row
      if (comparable(openUserName(db.manager, row)).includes(wanted)) return true
      if (personId === null || personName === null) return false
      const person = { id: personId, name: personName, unitId }
      return seesName(viewer, person) && comparable(openName(db.manager, person)).includes(wanted)
    }
  }

  app.get('/v1/accounts/:id', {
    config: { access: 'account.read', clauses: ['A-2.1.1', 'A-4.3.3'] },
    schema: {
      operationId: 'readAccount',
      summary: 'One account with the roles it has now.',
      tags: ['accounts'],
      params: ById,
      response: { 200: AccountWithRoles },
    },
    handler: async (request, reply) => {
      const account = await readAccount(request, request.params.id)
      const held = await rolesOfAccount(db.manager, account)
      void reply.header('etag', etag(account.version))
      return { ...account, roles: held.roles, range: held.range }
    },
  })

  async function readAccount(request: FastifyRequest, id: string): Promise<AccountInRange> {
    const filter = { id, unitId: unitInRange(request), after: [null, null] as const, limit: 1 }
    const [account] = await accountsInRange(db.manager, filter)
    if (account === undefined)
      throw new Problem('not-found', said(`There is no account ${id}.`, `没有账号 ${id}。`))
    return showAccount(db.manager, await viewerOf(request, db.manager, clock()), account)
  }
}

function lockingRoutes(app: App, deps: Committer): void {
  const locking = [
    {
      verb: 'freeze',
      access: 'account.freeze',
      summary: 'Shuts the account at once because of a risk; its tokens are void.',
      clauses: ['A-2.1.7'],
      apply: freezeAccount,
    },
    {
      verb: 'unfreeze',
      access: 'account.unfreeze',
      summary: 'Releases a frozen account.',
      clauses: ['A-2.1.8'],
      apply: unfreezeAccount,
    },
  ] as const
  for (const { verb, access, summary, clauses, apply } of locking)
    app.post(`/v1/accounts/:id/${verb}`, {
      config: { access, versioned: true, approves: verb === 'unfreeze', clauses },
      schema: {
        operationId: `${verb}Account`,
        summary,
        tags: ['accounts'],
        params: ById,
        body: Reason,
        response: { 200: LockedView },
      },
      handler: (request, reply) =>
        change(deps, request, reply, async (tx, act, expected) => {
          const { id } = request.params
          const held = await lockAccount(tx, id)
          const own = unitInRange(request)
          if (held === null || (own !== null && held.holder?.person.unitId !== own))
            throw new Problem('not-found', said(`There is no account ${id}.`, `没有账号 ${id}。`))
          assertVersion(held.account.version, expected)
          const owner = { actor: id, personId: held.account.personId }
          if (verb === 'unfreeze') {
            await assertAnotherHand(tx, act, [owner], 'Nobody releases the own account.')
            await assertNamed(tx, act)
          }
          const account = await apply(tx, held, request.body.reason, act)
          return { ...account, userName: openUserName(tx, account) }
        }),
    })
}

/** One call at 3 a.m.: no version, no id to look up, and twice is as good as once. */
function lockdownRoute(app: App, { db, clock }: Committer): void {
  const strict = { additionalProperties: false }
  const why = { reason: Paragraph(500) }
  app.post('/v1/accounts/lockdowns', {
    config: { access: 'account.freeze', clauses: ['A-2.1.7'] },
    schema: {
      operationId: 'lockDownAccount',
      summary:
        'Freezes an account by id or user name at once and ends all its sessions; may be repeated.',
      tags: ['accounts'],
      body: Type.Union([
        Type.Object({ accountId: Uuid, ...why }, strict),
        Type.Object({ userName: Line(100), ...why }, strict),
      ]),
      response: { 200: LockedView },
    },
    handler: async (request, reply) => {
      const { reason, ...account } = request.body
      const act = actOf(request, clock())
      return db.transaction(async (tx) => {
        const locked = await lockDownAccount(tx, { account, reason }, unitInRange(request), act)
        void reply.header('etag', etag(locked.version))
        return { ...locked, userName: openUserName(tx, locked) }
      })
    },
  })
}

function changeRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.post('/v1/account-changes', {
    config: {
      access: 'account-change.request',
      once: true,
      clauses: ['A-2.1.1', 'A-2.1.2', 'A-2.1.4'],
    },
    schema: {
      operationId: 'requestAccountChange',
      summary:
        'Asks for a change of accounts, rights or clients; it waits for the security administrator.',
      tags: ['account changes'],
      body: Type.Object(
        { change: AccountChangeCommand, reason: Paragraph(500) },
        { additionalProperties: false },
      ),
      response: { 202: ChangeView },
    },
    handler: (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        // What was asked, as it was asked: only the row is sealed.
        const body = await askForChange(tx, request.body.change, request.body.reason, act)
        return {
          body,
          status: 202,
          location: `/v1/account-changes/${body.id}`,
          version: body.version,
        }
      }),
  })

  app.get('/v1/account-changes', {
    config: { access: 'account-change.read', clauses: ['A-2.1.2'] },
    schema: {
      operationId: 'listAccountChanges',
      summary: 'Changes asked for, oldest first; they are kept for ever.',
      tags: ['account changes'],
      querystring: Type.Object({
        ...PageQuery,
        status: Type.Optional(Type.Enum(['pending', 'approved', 'rejected'])),
      }),
      response: { 200: pageOf(ChangeView) },
    },
    handler: async ({ query: { limit, cursor, status } }) => {
      const after = decodeInstantCursor(cursor)
      const rows = await accountChanges(db.manager, { status, after, limit: limit + 1 })
      const shown = rows.map((row) => openChange(db.manager, row))
      return page(shown, limit, ({ requestedAt, id }) => [requestedAt.toISOString(), id])
    },
  })

  app.get('/v1/account-changes/:id', {
    config: { access: 'account-change.read', clauses: ['A-2.1.2'] },
    schema: {
      operationId: 'readAccountChange',
      summary: 'One change with its decision.',
      tags: ['account changes'],
      params: ById,
      response: { 200: ChangeView },
    },
    handler: async ({ params: { id } }, reply) => {
      const found = await db.manager.findOneBy(AccountChangeEntity, { id })
      if (found === null)
        throw new Problem(
          'not-found',
          said(`There is no account change ${id}.`, `没有账号变更 ${id}。`),
        )
      void reply.header('etag', etag(found.version))
      return openChange(db.manager, found)
    },
  })

  const decisions = [
    { verb: 'approve', decision: 'approved', body: nullable(Type.Partial(Reason)) },
    { verb: 'reject', decision: 'rejected', body: Reason },
  ] as const
  for (const { verb, decision, body } of decisions)
    app.post(`/v1/account-changes/:id/${verb}`, {
      config: {
        access: 'account-change.decide',
        versioned: true,
        approves: true,
        clauses: ['A-2.1.1', 'A-2.1.2', 'A-2.1.4'],
      },
      schema: {
        operationId: `${verb}AccountChange`,
        summary:
          decision === 'approved'
            ? 'Gives the change its effect, once; who asked for it may not approve it.'
            : 'Refuses the change, with a reason.',
        tags: ['account changes'],
        params: ById,
        body,
        response: { 200: ChangeView },
      },
      handler: (request, reply) => {
        const reason = request.body?.reason ?? null
        const command = { changeId: request.params.id, decision, reason }
        return change(deps, request, reply, async (tx, act, expected) =>
          openChange(tx, await decideAccountChange(tx, command, expected, act)),
        )
      },
    })
}
