import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, Line, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches } from '@erp-steward/service-kit/authentication'
import { etag, type Committer } from '@erp-steward/service-kit/commit'
import { containing, NameContains } from '@erp-steward/service-kit/name-contains'
import { atVersionIfAny } from '@erp-steward/service-kit/preconditions'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { MoreThan, type EntityManager } from 'typeorm'
import { DepartmentEntity, type Department } from './department.ts'
import { ModuleEntity } from './module.ts'
import { narrowDuties, proposeNarrowing } from './narrow-duties.ts'
import { PositionEntity, positionRoles } from './position.ts'
import { putDepartment } from './put-department.ts'
import type { Entry, Put } from './put-entry.ts'
import { putModule } from './put-module.ts'
import { putPosition } from './put-position.ts'
import { putUnit } from './put-unit.ts'
import { ResponsibilityValue } from './responsibility-value.ts'
import { UnitEntity, unitKinds } from './unit.ts'

const strict = { additionalProperties: false }
const Named = { name: Line(200), active: Type.Boolean({ default: true }) }
const Base = { id: Uuid, code: Code, name: Type.String(), active: Type.Boolean() }
const Version = { version: Type.Integer() }
const Kind = Type.Enum([...unitKinds])
const ByCode = Type.Object({ code: Code })
const ByUnitAndCode = Type.Object({ unitCode: Code, code: Code })

/** Query members of every list of the register. */
const EntryQuery = {
  ...PageQuery,
  nameContains: NameContains(200),
  active: Type.Optional(Type.Boolean()),
}

const UnitView = Type.Object({ ...Base, kind: Kind, ...Version })
const DepartmentView = Type.Object({ ...Base, unitId: Uuid, unitCode: Code, ...Version })
const ModuleView = Type.Object({ ...Base, ...Version })
const PositionView = Type.Object({
  ...Base,
  roles: Type.Array(Type.Enum([...positionRoles])),
  responsibilities: Type.Array(ResponsibilityValue),
  ebsRoles: Type.Array(Type.String()),
  ...Version,
})

/** Units, departments, positions and modules: the register every other concept and service refers to. */
export function organisationRoutes(app: App, deps: Committer): void {
  unitRoutes(app, deps)
  departmentRoutes(app, deps)
  positionRoutes(app, deps)
  moduleRoutes(app, deps)
}

function unitRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/units/:code', {
    config: manage,
    schema: {
      operationId: 'putUnit',
      summary: 'Creates the unit or changes it to what is sent; the same again changes nothing.',
      tags: ['organisation'],
      params: ByCode,
      body: Type.Object({ ...Named, kind: Kind }, strict),
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
  app.get('/v1/units/:code', {
    config: read,
    schema: {
      operationId: 'readUnit',
      summary: 'One unit.',
      tags: ['organisation'],
      params: ByCode,
      response: { 200: UnitView },
    },
    handler: async ({ params }, reply) =>
      tagged(reply, await db.manager.findOneBy(UnitEntity, params), `unit ${params.code}`),
  })
  app.get('/v1/units', {
    config: read,
    schema: {
      operationId: 'listUnits',
      summary: 'Every unit, by code.',
      tags: ['organisation'],
      querystring: Type.Object({ ...EntryQuery, kind: Type.Optional(Kind) }),
      response: { 200: pageOf(UnitView) },
    },
    handler: ({ query }) => byCode(query, (where) => db.manager.find(UnitEntity, where)),
  })
}

function departmentRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/departments/:unitCode/:code', {
    config: manage,
    schema: {
      operationId: 'putDepartment',
      summary: 'Creates the department of a unit or changes it to what is sent.',
      tags: ['organisation'],
      params: ByUnitAndCode,
      body: Type.Object(Named, strict),
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
  app.get('/v1/departments/:unitCode/:code', {
    config: read,
    schema: {
      operationId: 'readDepartment',
      summary: 'One department.',
      tags: ['organisation'],
      params: ByUnitAndCode,
      response: { 200: DepartmentView },
    },
    handler: async ({ params: { unitCode, code } }, reply) => {
      const { id: unitId } = await unitByCode(db.manager, unitCode)
      const found = await db.manager.findOneBy(DepartmentEntity, { unitId, code })
      return { ...tagged(reply, found, `department ${code} in ${unitCode}`), unitCode }
    },
  })
  app.get('/v1/departments', {
    config: read,
    schema: {
      operationId: 'listDepartments',
      summary: 'Departments by unit and code.',
      tags: ['organisation'],
      querystring: Type.Object({ ...EntryQuery, unitCode: Type.Optional(Code) }),
      response: { 200: pageOf(DepartmentView) },
    },
    handler: async ({ query: { limit, cursor, unitCode, nameContains, active } }) => {
      if (unitCode !== undefined) await unitByCode(db.manager, unitCode)
      const [afterUnit = null, afterCode = null] = decodeCursor(cursor, 2) ?? []
      const rows: (Department & { unitCode: string })[] = await db.query(
        `select department.id, unit_id as "unitId", unit.code as "unitCode", department.code, department.name,
                department.active, department.version
           from department join unit on unit.id = unit_id
          where ($1::text is null or unit.code = $1)
            and ($2::text is null or (unit.code, department.code) > ($2, $3::text))
            and ($4::text is null or position(upper($4) in upper(department.name)) > 0)
            and ($5::boolean is null or department.active = $5)
          order by unit.code, department.code limit $6`,
        [unitCode ?? null, afterUnit, afterCode, nameContains ?? null, active ?? null, limit + 1],
      )
      return page(rows, limit, (row) => [row.unitCode, row.code])
    },
  })
}

function positionRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/positions/:code', {
    config: { ...manage, clauses: ['A-2.1.2'] },
    schema: {
      operationId: 'putPosition',
      summary:
        'Names a position. Its rights change by an account change of kind set-position-roles.',
      tags: ['organisation'],
      params: ByCode,
      body: Type.Object(Named, strict),
      response: { 200: PositionView, 201: PositionView },
    },
    handler: (request, reply) => {
      assertReaches(request, null)
      return put(deps, request, reply, (tx, act, expected) =>
        putPosition(tx, { ...request.params, ...request.body }, expected, act),
      )
    },
  })
  app.get('/v1/positions/:code', {
    config: read,
    schema: {
      operationId: 'readPosition',
      summary: 'One position with its approved roles and EBS responsibilities.',
      tags: ['organisation'],
      params: ByCode,
      response: { 200: PositionView },
    },
    handler: async ({ params }, reply) =>
      tagged(reply, await db.manager.findOneBy(PositionEntity, params), `position ${params.code}`),
  })
  app.get('/v1/positions', {
    config: read,
    schema: {
      operationId: 'listPositions',
      summary: 'The position matrix, by code.',
      tags: ['organisation'],
      querystring: Type.Object(EntryQuery),
      response: { 200: pageOf(PositionView) },
    },
    handler: ({ query }) => byCode(query, (where) => db.manager.find(PositionEntity, where)),
  })
}

function moduleRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.put('/v1/modules/:code', {
    config: { ...manage, clauses: ['B-6.0'] },
    schema: {
      operationId: 'putModule',
      summary: 'Registers an EBS module or changes it to what is sent.',
      tags: ['organisation'],
      params: ByCode,
      body: Type.Object(Named, strict),
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
  app.get('/v1/modules/:code', {
    config: { ...read, clauses: ['B-6.0'] },
    schema: {
      operationId: 'readModule',
      summary: 'One EBS module.',
      tags: ['organisation'],
      params: ByCode,
      response: { 200: ModuleView },
    },
    handler: async ({ params }, reply) =>
      tagged(reply, await db.manager.findOneBy(ModuleEntity, params), `module ${params.code}`),
  })
  app.get('/v1/modules', {
    config: { ...read, clauses: ['B-6.0'] },
    schema: {
      operationId: 'listModules',
      summary: 'Every EBS module, by code.',
      tags: ['organisation'],
      querystring: Type.Object(EntryQuery),
      response: { 200: pageOf(ModuleView) },
    },
    handler: ({ query }) => byCode(query, (where) => db.manager.find(ModuleEntity, where)),
  })
}

const manage = {
  access: 'organisation.manage',
  versioned: 'if-exists',
  clauses: ['A-1.2'],
} as const
const read = { access: 'organisation.read', clauses: ['A-1.2'] } as const

/** Runs a put in one transaction: 201 when it created, 200 otherwise, with the `ETag`. */
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

function tagged<Row extends Entry>(reply: FastifyReply, row: Row | null, what: string): Row {
  if (row === null) throw new Problem('not-found', said(`There is no ${what}.`, `没有 ${what}。`))
  void reply.header('etag', etag(row.version))
  return row
}

async function byCode<Row extends Entry>(
  { limit, cursor, nameContains, ...equal }: Static<Type.TObject<typeof EntryQuery>>,
  find: (options: { where: object; order: { code: 'asc' }; take: number }) => Promise<Row[]>,
): Promise<{ items: Row[]; next: string | null }> {
  const [after] = decodeCursor(cursor, 1) ?? []
  const rows = await find({
    where: {
      ...equal,
      ...(after !== undefined && { code: MoreThan(after) }),
      ...(nameContains !== undefined && { name: containing(nameContains) }),
    },
    order: { code: 'asc' },
    take: limit + 1,
  })
  return page(rows, limit, ({ code }) => [code])
}

async function unitByCode(tx: EntityManager, code: string) {
  const unit = await tx.findOneBy(UnitEntity, { code })
  if (unit === null)
    throw new Problem('unit-unknown', said(`There is no unit ${code}.`, `没有单位 ${code}。`))
  return unit
}
