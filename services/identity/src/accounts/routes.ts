import { roles } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Line, nullable, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, createOnce, etag, type Committer } from '@erp-steward/service-kit/commit'
import {
  boundTo,
  byInstant,
  cursorOf,
  page,
  pageOf,
  PageQuery,
} from '@erp-steward/service-kit/paging'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
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
import { AccountStatus, AccountView, AdministratorRole, LockedAccountView } from './account.ts'
import {
  AccountChangeCommand,
  AccountChangeEntity,
  AccountChangeStatus,
  AccountChangeView,
  UserName,
} from './account-change.ts'
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

const AccountWithRoles = Type.Object(
  {
    ...AccountView.properties,
    roles: Type.Array(Type.Enum([...roles]), { description: 'Roles that it has now.' }),
    range: Type.Enum(['company', 'unit'], {
      description: 'Whether they reach every unit or the own one.',
    }),
  },
  { title: 'AccountWithRoles' },
)

const tags = ['accounts']
const read = { access: 'account.read', clauses: ['A-2.1.1', 'A-4.3.3'], tags } as const

export function accountRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)
  lockingRoutes(app, deps)
  lockdownRoute(app, deps)
  changeRoutes(app, deps)
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  app.get('/v1/accounts', {
    config: { access: read.access, clauses: read.clauses },
    schema: {
      operationId: 'listAccounts',
      problems: ['department-unknown', 'outside-unit', 'position-unknown', 'unit-unknown'],
      summary: 'Accounts in the order they were made; within the own unit for callers of a unit.',
      description:
        '`nameContains` looks for a part of the user name, and of the name of the person where the caller may see it, and opens at most 20,000 accounts a request: a page may then have fewer rows than `limit`, or none, and still a `next`. Unit, department and position are those of the person.',
      tags,
      querystring: Type.Object({
        ...PageQuery,
        ...SortQuery,
        ...PlaceQuery,
        userName: Type.Optional(about(UserName, 'The whole user name.')),
        nameContains: Type.Optional(
          about(PersonName, 'A part of the user name or of the name; case does not matter.'),
        ),
        personId: Type.Optional(about(Uuid, 'Whose it is.')),
        status: Type.Optional(AccountStatus),
        administratorRole: Type.Optional(AdministratorRole),
        rightsPending: Type.Optional(
          Type.Boolean({ description: 'Whether the rights of the position wait for an approval.' }),
        ),
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
      const after = decodeSortCursor(cursorOf('listAccounts', cursor), sort)
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
      const items = found.items.map((row) => showAccount(db.manager, viewer, row))
      return boundTo('listAccounts', { ...found, items })
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

  readRoute(app, '/v1/accounts/:id', {
    ...read,
    operationId: 'readAccount',
    problems: ['not-found', 'outside-unit'],
    summary: 'One account with the roles it has now.',
    answer: AccountWithRoles,
    read: async ({ request, params }) => {
      const account = await readAccount(request, params.id)
      const { roles, range } = await rolesOfAccount(db.manager, account, clock())
      return { ...account, roles, range }
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
    changeRoute(app, deps, 'POST', `/v1/accounts/:id/${verb}`, {
      operationId: `${verb}Account`,
      problems: [
        'account-case-open',
        'account-state',
        'account-unknown',
        'administrator-unnamed',
        'last-administrator',
        'not-found',
        'outside-unit',
        'same-person',
      ],
      summary,
      tags,
      access,
      approves: verb === 'unfreeze',
      clauses,
      body: closed({ reason: Reason }),
      answer: LockedAccountView,
      apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) => {
        const held = await lockAccount(tx, id)
        const own = unitInRange(request)
        if (held === null || (own !== null && held.holder?.person.unitId !== own))
          throw new Problem('not-found', said(`There is no account ${id}.`, `没有账号 ${id}。`))
        assertVersion(held.account.version, expected)
        const owner = { actor: id, personId: held.account.personId }
        if (verb === 'unfreeze') {
          await assertAnotherHand(
            tx,
            act,
            [owner],
            said('Nobody releases the own account.', '不得解冻本人账号。'),
          )
          await assertNamed(tx, act)
        }
        const account = await apply(tx, held, reason, act)
        return { ...account, userName: openUserName(tx, account) }
      },
    })
}

/** One call at 3 a.m.: no version, no id to look up, and twice is as good as once. */
function lockdownRoute(app: App, { db, clock }: Committer): void {
  app.post('/v1/accounts/lockdowns', {
    config: { access: 'account.freeze', clauses: ['A-2.1.7'] },
    schema: {
      operationId: 'lockDownAccount',
      problems: ['account-state', 'account-unknown', 'last-administrator', 'outside-unit'],
      summary:
        'Freezes an account by id or user name at once and ends all its sessions; may be repeated.',
      tags,
      body: Type.Union([
        closed({ accountId: about(Uuid, 'Which account.'), reason: Reason }),
        closed({
          userName: about(Line(100), 'Which account, as its owner signs in.'),
          reason: Reason,
        }),
      ]),
      response: { 200: LockedAccountView },
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

const changeTags = ['account changes']
const readChange = {
  access: 'account-change.read',
  clauses: ['A-2.1.2'],
  tags: changeTags,
} as const

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
      problems: [
        'account-change-pending',
        'account-exists',
        'account-unknown',
        'administrator-has-business-role',
        'administrator-named',
        'client-exists',
        'client-unknown',
        'finding-state',
        'person-unknown',
        'position-unknown',
        'redirect-refused',
        'rights-not-waiting',
        'same-person',
        'second-factor-state',
        'unit-unknown',
        'user-name-taken',
      ],
      summary:
        'Asks for a change of accounts, rights or clients; it waits for the security administrator.',
      tags: changeTags,
      body: closed({ change: AccountChangeCommand, reason: Reason }),
      response: { 202: AccountChangeView },
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

  listRoute(app, '/v1/account-changes', {
    ...readChange,
    operationId: 'listAccountChanges',
    summary: 'Changes asked for, oldest first; they are kept for ever.',
    query: { status: Type.Optional(AccountChangeStatus) },
    row: AccountChangeView,
    sorting: byInstant('requestedAt'),
    list: async ({ query: { status }, after, limit }) => {
      const rows = await accountChanges(db.manager, { status, after, limit })
      return rows.map((row) => openChange(db.manager, row))
    },
  })

  readRoute(app, '/v1/account-changes/:id', {
    ...readChange,
    operationId: 'readAccountChange',
    problems: ['not-found'],
    summary: 'One change with its decision.',
    answer: AccountChangeView,
    read: async ({ params: { id } }) => {
      const found = await db.manager.findOneBy(AccountChangeEntity, { id })
      if (found === null)
        throw new Problem(
          'not-found',
          said(`There is no account change ${id}.`, `没有账号变更 ${id}。`),
        )
      return openChange(db.manager, found)
    },
  })

  const decisions = [
    {
      verb: 'approve',
      decision: 'approved',
      body: nullable(closed({ reason: Type.Optional(Reason) })),
    },
    { verb: 'reject', decision: 'rejected', body: closed({ reason: Reason }) },
  ] as const
  for (const { verb, decision, body } of decisions)
    changeRoute(app, deps, 'POST', `/v1/account-changes/:id/${verb}`, {
      operationId: `${verb}AccountChange`,
      problems: [
        'account-case-open',
        'account-change-decided',
        'account-exists',
        'account-state',
        'account-unknown',
        'administrator-has-business-role',
        'administrator-named',
        'administrator-unnamed',
        'client-state',
        'client-unknown',
        'last-administrator',
        'not-found',
        'person-left',
        'person-unknown',
        'position-unknown',
        'rights-not-waiting',
        'same-person',
        'second-factor-state',
        'sod-violation',
        'user-name-taken',
      ],
      summary:
        decision === 'approved'
          ? 'Gives the change its effect, once; who asked for it may not approve it.'
          : 'Refuses the change, with a reason.',
      tags: changeTags,
      access: 'account-change.decide',
      approves: true,
      clauses: ['A-2.1.1', 'A-2.1.2', 'A-2.1.4'],
      body,
      answer: AccountChangeView,
      apply: async (tx, { params, body, expected, act }) => {
        const command = { changeId: params.id, decision, reason: body?.reason ?? null }
        return openChange(tx, await decideAccountChange(tx, command, expected, act))
      },
    })
}
