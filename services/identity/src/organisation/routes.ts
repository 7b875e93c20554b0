import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, Instant } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches } from '@erp-steward/service-kit/authentication'
import { etag, type Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { containing, NameContains } from '@erp-steward/service-kit/name-contains'
import { atVersionIfAny } from '@erp-steward/service-kit/preconditions'
import { byInstant, byText, decodeCursor } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { DepartmentEntity, DepartmentView, type Department } from './department.ts'
import { EntryBody } from './entry.ts'
import { ModuleEntity, ModuleView } from './module.ts'
import { narrowDuties, proposeNarrowing } from './narrow-duties.ts'
import { PositionVersionEntity, PositionVersionView } from './position-version.ts'
import { PositionEntity, PositionView } from './position.ts'
import { putDepartment } from './put-department.ts'
import type { Entry, Put } from './put-entry.ts'
import { putModule } from './put-module.ts'
import { putPosition } from './put-position.ts'
import { putUnit } from './put-unit.ts'
import { UnitEntity, UnitKind, UnitView } from './unit.ts'

const tags = ['organisation']
const manage = {
  access: 'organisation.manage',
  versioned: 'if-exists',
  clauses: ['A-1.2'],
} as const
const read = { access: 'organisation.read', clauses: ['A-1.2'], tags } as const
const OfUnit = about(Code, 'Code of the unit.')
const byCode = { code: about(Code, 'Which one.') }
const byUnitAndCode = { unitCode: OfUnit, ...byCode }

/** Query members of every list of the register. */
const EntryQuery = {
  nameContains: NameContains(200),
  active: Type.Optional(Type.Boolean({ description: 'Whether it may still be chosen.' })),
}

/** Units, departments, positions and modules: the register every other concept and service refers to. */
export function organisationRoutes(app: App, deps: Committer): void {
  unitRoutes(app, deps)
  departmentRoutes(app, deps)
  positionRoutes(app, deps)
  positionVersionRoute(app, deps)
  moduleRoutes(app, deps)
}

function unitRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/units/:code', {
    config: manage,
    schema: {
      operationId: 'putUnit',
      problems: ['administrator-unnamed', 'entry-in-use', 'outside-unit', 'proposal-pending'],
      summary: 'Creates the unit or changes it to what is sent; the same again changes nothing.',
      tags,
      params: Type.Object(byCode),
      body: closed({ ...EntryBody, kind: UnitKind }),
      description:
        'An active unit with an ERP that is retired, or becomes one without, owes no duties any more: the answer is 202 ' +
        'with a proposal, and nothing changes until a second person approves it.',
      response: { 200: UnitView, 201: UnitView, 202: ProposalView },
    },
    handler: async (request, reply) => {
      assertReaches(request, null)
      const narrowing = { noun: 'unit', ...request.params, ...request.body } as const
      const waiting = await narrowed(deps, request, reply, narrowing)
      if (waiting !== null) return waiting
      return put(deps, request, reply, (tx, act, expected) =>
        putUnit(tx, { ...request.params, ...request.body }, expected, act),
      )
    },
  })

  readRoute(app, '/v1/units/:code', {
    ...read,
    operationId: 'readUnit',
    problems: ['not-found'],
    summary: 'One unit.',
    params: byCode,
    answer: UnitView,
    read: async ({ params }) =>
      found(await db.manager.findOneBy(UnitEntity, params), `unit ${params.code}`),
  })

  listRoute(app, '/v1/units', {
    ...read,
    operationId: 'listUnits',
    summary: 'Every unit, by code.',
    query: { ...EntryQuery, kind: Type.Optional(UnitKind) },
    row: UnitView,
    sorting: byText('code'),
    list: ({ query: { kind, ...query }, ...stretch }) =>
      inOrder(db.manager, UnitEntity, 'code', stretch, { kind, ...fitting(query) }),
  })
}

function departmentRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/departments/:unitCode/:code', {
    config: manage,
    schema: {
      operationId: 'putDepartment',
      problems: ['entry-in-use', 'outside-unit', 'unit-unknown'],
      summary: 'Creates the department of a unit or changes it to what is sent.',
      tags,
      params: Type.Object(byUnitAndCode),
      body: closed(EntryBody),
      response: { 200: DepartmentView, 201: DepartmentView },
    },
    handler: async (request, reply) => {
      const { unitCode, code } = request.params
      const { id: unitId } = await unitByCode(db.manager, unitCode)
      assertReaches(request, unitId)
      const row = await put(deps, request, reply, (tx, act, expected) =>
        putDepartment(tx, { unitId, code, ...request.body }, expected, act),
      )
      return { ...row, unitCode }
    },
  })

  readRoute(app, '/v1/departments/:unitCode/:code', {
    ...read,
    operationId: 'readDepartment',
    problems: ['not-found', 'unit-unknown'],
    summary: 'One department.',
    params: byUnitAndCode,
    answer: DepartmentView,
    read: async ({ params: { unitCode, code } }) => {
      const { id: unitId } = await unitByCode(db.manager, unitCode)
      const row = await db.manager.findOneBy(DepartmentEntity, { unitId, code })
      return { ...found(row, `department ${code} in ${unitCode}`), unitCode }
    },
  })

  listRoute(app, '/v1/departments', {
    ...read,
    operationId: 'listDepartments',
    problems: ['unit-unknown'],
    summary: 'Departments by unit and code.',
    query: { ...EntryQuery, unitCode: Type.Optional(OfUnit) },
    row: DepartmentView,
    sorting: {
      after: (cursor) => decodeCursor(cursor, 2),
      keyOf: ({ unitCode, code }: Department & { unitCode: string }) => [unitCode, code],
    },
    list: async ({ query: { unitCode, nameContains, active }, after, limit }) => {
      if (unitCode !== undefined) await unitByCode(db.manager, unitCode)
      const [afterUnit = null, afterCode = null] = after ?? []
      return db.query(
        `select department.id, unit_id as "unitId", unit.code as "unitCode", department.code, department.name,
                department.active, department.version
           from department join unit on unit.id = unit_id
          where ($1::text is null or unit.code = $1)
            and ($2::text is null or (unit.code, department.code) > ($2, $3::text))
            and ($4::text is null or position(upper($4) in upper(department.name)) > 0)
            and ($5::boolean is null or department.active = $5)
          order by unit.code, department.code limit $6`,
        [unitCode ?? null, afterUnit, afterCode, nameContains ?? null, active ?? null, limit],
      )
    },
  })
}

function positionRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/positions/:code', {
    config: { ...manage, clauses: ['A-2.1.2'] },
    schema: {
      operationId: 'putPosition',
      problems: ['entry-in-use', 'outside-unit'],
      summary:
        'Names a position. Its rights change by an account change of kind set-position-roles.',
      tags,
      params: Type.Object(byCode),
      body: closed(EntryBody),
      response: { 200: PositionView, 201: PositionView },
    },
    handler: (request, reply) => {
      assertReaches(request, null)
      return put(deps, request, reply, (tx, act, expected) =>
        putPosition(tx, { ...request.params, ...request.body }, expected, act),
      )
    },
  })

  readRoute(app, '/v1/positions/:code', {
    ...read,
    operationId: 'readPosition',
    problems: ['not-found'],
    summary: 'One position with its approved roles and EBS responsibilities.',
    params: byCode,
    answer: PositionView,
    read: async ({ params }) =>
      found(await db.manager.findOneBy(PositionEntity, params), `position ${params.code}`),
  })

  listRoute(app, '/v1/positions', {
    ...read,
    operationId: 'listPositions',
    summary: 'The position matrix, by code.',
    query: EntryQuery,
    row: PositionView,
    sorting: byText('code'),
    list: ({ query, ...stretch }) =>
      inOrder(db.manager, PositionEntity, 'code', stretch, fitting(query)),
  })
}

/** Every approved set of a position, or the one of an instant. */
function positionVersionRoute(app: App, { db }: Committer): void {
  listRoute(app, '/v1/positions/:code/versions', {
    ...read,
    operationId: 'listPositionVersions',
    problems: ['not-found'],
    summary: 'What a position gave and gives: each approved set of its rights, oldest first.',
    description: 'With `at` the one that was in force then, none where there was none yet.',
    clauses: ['A-2.1.2'],
    params: byCode,
    query: {
      at: Type.Optional(about(Instant, 'Only the version that was in force at this instant.')),
    },
    row: PositionVersionView,
    sorting: byInstant('validFrom'),
    list: async ({ params, query: { at }, after: [from, id], limit }) => {
      const position = await db.manager.findOneBy(PositionEntity, params)
      const { id: positionId } = found(position, `position ${params.code}`)
      return db.query(
        `select * from (
           select ${columnsOf(PositionVersionEntity)},
                  lead(valid_from) over (order by version) as "validTo"
             from position_version where position_id = $1) as each
          where ($2::timestamptz is null or "validFrom" <= $2 and ("validTo" is null or "validTo" > $2))
            and ($3::timestamptz is null or ("validFrom", id) > ($3, $4::uuid))
          order by "validFrom", id limit $5`,
        [positionId, at ?? null, from, id, limit],
      )
    },
  })
}

function moduleRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/modules/:code', {
    config: { ...manage, clauses: ['B-6.0'] },
    schema: {
      operationId: 'putModule',
      problems: ['administrator-unnamed', 'entry-in-use', 'outside-unit', 'proposal-pending'],
      summary: 'Registers an EBS module or changes it to what is sent.',
      tags,
      params: Type.Object(byCode),
      body: closed(EntryBody),
      description: 'Withdrawing a module is answered with 202: a second person approves it.',
      response: { 200: ModuleView, 201: ModuleView, 202: ProposalView },
    },
    handler: async (request, reply) => {
      assertReaches(request, null)
      const narrowing = { noun: 'module', kind: null, ...request.params, ...request.body } as const
      const waiting = await narrowed(deps, request, reply, narrowing)
      if (waiting !== null) return waiting
      return put(deps, request, reply, (tx, act, expected) =>
        putModule(tx, { ...request.params, ...request.body }, expected, act),
      )
    },
  })

  readRoute(app, '/v1/modules/:code', {
    ...read,
    operationId: 'readModule',
    problems: ['not-found'],
    summary: 'One EBS module.',
    clauses: ['B-6.0'],
    params: byCode,
    answer: ModuleView,
    read: async ({ params }) =>
      found(await db.manager.findOneBy(ModuleEntity, params), `module ${params.code}`),
  })

  listRoute(app, '/v1/modules', {
    ...read,
    operationId: 'listModules',
    summary: 'Every EBS module, by code.',
    clauses: ['B-6.0'],
    query: EntryQuery,
    row: ModuleView,
    sorting: byText('code'),
    list: ({ query, ...stretch }) =>
      inOrder(db.manager, ModuleEntity, 'code', stretch, fitting(query)),
  })
}

async function narrowed(
  { db, clock }: Committer,
  request: FastifyRequest,
  reply: FastifyReply,
  narrowing: Parameters<typeof proposeNarrowing>[1],
): Promise<ProposalView | null> {
  const made = await atVersionIfAny(request, (expected) =>
    db.transaction((tx) => proposeNarrowing(tx, narrowing, expected, actOf(request, clock()))),
  )
  if (made === null) return null
  void reply.header('etag', etag(made.version))
  return proposed(request, reply, 'identity', narrowDuties, made)
}

/** Runs a put in one transaction: 201 when it created, 200 otherwise, with the `ETag`. */
async function put<Row extends Entry>(
  { db, clock }: Committer,
  request: FastifyRequest,
  reply: FastifyReply,
  apply: (
    tx: EntityManager,
    act: ReturnType<typeof actOf>,
    expected: number | null,
  ) => Promise<Put<Row>>,
): Promise<Row> {
  const { row, outcome } = await atVersionIfAny(request, (expected) =>
    db.transaction((tx) => apply(tx, actOf(request, clock()), expected)),
  )
  void reply.code(outcome === 'created' ? 201 : 200).header('etag', etag(row.version))
  if (outcome === 'created') void reply.header('location', request.url.split('?', 1)[0])
  return row
}

function found<Row>(row: Row | null, what: string): Row {
  if (row === null) throw new Problem('not-found', said(`There is no ${what}.`, `没有 ${what}。`))
  return row
}

/** What the query asks of the entries of a list. */
function fitting({
  nameContains,
  active,
}: {
  readonly nameContains?: string
  readonly active?: boolean
}) {
  return { active, name: nameContains === undefined ? null : containing(nameContains) }
}

async function unitByCode(tx: EntityManager, code: string) {
  const unit = await tx.findOneBy(UnitEntity, { code })
  if (unit === null)
    throw new Problem('unit-unknown', said(`There is no unit ${code}.`, `没有单位 ${code}。`))
  return unit
}
