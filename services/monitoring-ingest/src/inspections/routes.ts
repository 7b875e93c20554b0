import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import {
  InstantOut,
  Line,
  LocalDate,
  nullable,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { languageOf, type Language } from '@erp-steward/service-kit/language'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { activeUnit } from '@erp-steward/directory/directory'
import { fillRound } from './fill-round.ts'
import { generateRound } from './generate-round.ts'
import { overruleItem } from './overrule-item.ts'
import { recordItem } from './record-item.ts'
import {
  InspectionFindingEntity,
  InspectionGapEntity,
  InspectionItemEntity,
  InspectionRosterEntity,
  isLate,
  lockWorkableRound,
  roundById,
  type InspectionItem,
  type InspectionRound,
} from './round.ts'
import { dailyTemplate, templateItem } from './rules/daily-template.ts'
import { dayInChina, daysBetween } from './rules/shanghai-day.ts'
import { setRoster } from './set-roster.ts'
import { signRound } from './sign-round.ts'

const Severity = Type.Enum(['simple', 'complex'])
const Verdict = Type.Enum(['normal', 'abnormal'])

const RoundView = Type.Object({
  id: Uuid,
  unitId: Uuid,
  date: LocalDate,
  state: Type.Enum(['open', 'signed']),
  inspectorPersonId: nullable(Uuid),
  deputyPersonId: nullable(Uuid),
  dueAt: InstantOut,
  deputyDueAt: InstantOut,
  generatedAt: InstantOut,
  overdueAt: nullable(InstantOut),
  handedOverAt: nullable(InstantOut),
  signedByPersonId: nullable(Uuid),
  signedAt: nullable(InstantOut),
  late: Type.Boolean({ description: 'Signed after its time, or over its time and not signed.' }),
  suspicions: Type.Array(Type.Enum(['same-everywhere', 'same-as-before']), {
    description: 'Why the answers look copied; known once the round is signed.',
  }),
  version: Type.Integer(),
})

const ItemView = Type.Object({
  code: Type.String(),
  title: Type.String(),
  metric: nullable(Type.String()),
  type: Type.Enum(['number', 'choice', 'text'], { description: 'What is entered by hand.' }),
  unit: nullable(
    Type.Enum(['percent', 'hours', 'minutes', 'seconds', 'milliseconds', 'count', 'up'], {
      description: 'Of a number; `up` is 1 for running and 0 for not.',
    }),
  ),
  options: Type.Array(
    Type.Object({ value: Type.String(), title: Type.String(), level: nullable(AlertLevel) }),
  ),
  limits: nullable(
    Type.Object({
      comparison: Type.Enum(['above', 'below']),
      warning: nullable(Type.Number()),
      critical: nullable(Type.Number()),
    }),
  ),
  origin: nullable(Type.Enum(['measured', 'entered'])),
  value: nullable(Type.String()),
  verdict: nullable(Verdict),
  level: nullable(AlertLevel),
  note: nullable(Type.String()),
  valueAt: nullable(InstantOut),
  recordedByPersonId: nullable(Uuid),
  recordedAt: nullable(InstantOut),
  overruledLevel: nullable(AlertLevel),
  overruledByPersonId: nullable(Uuid),
  overruledAt: nullable(InstantOut),
  overruleReason: nullable(Type.String()),
  version: Type.Integer(),
})

const FindingView = Type.Object({
  id: Uuid,
  item: Type.String(),
  severity: Severity,
  level: AlertLevel,
  note: Type.String(),
  value: nullable(Type.String()),
  foundByPersonId: Uuid,
  foundAt: InstantOut,
})

const RoundInFull = Type.Object({
  ...RoundView.properties,
  items: Type.Array(ItemView),
  findings: Type.Array(FindingView),
})

const RosterView = Type.Object({
  unitId: Uuid,
  inspectorPersonId: nullable(Uuid),
  deputyPersonId: nullable(Uuid),
  uncoveredSince: nullable(
    Type.Unsafe<Date>({
      type: 'string',
      format: 'date-time',
      description: 'Since when nobody named is able to inspect the unit; null while somebody is.',
    }),
  ),
  version: Type.Integer(),
})

const ById = Type.Object({ id: Uuid })
const OfItem = Type.Object({ id: Uuid, code: Type.String({ maxLength: 60 }) })
const OfUnit = Type.Object({ unitId: Uuid })
const tags = ['inspections']
/** How far back a round may be drawn up, in days; one drawn up late is overdue at once. */
const DAYS_BACK = 7

async function reachedRound(tx: EntityManager, request: FastifyRequest, id: string) {
  const round = await roundById(tx, id)
  assertReaches(request, round.unitId)
  return round
}

function itemView({ roundId: _, limits, ...item }: InspectionItem, language: Language) {
  const known = templateItem(item.code)
  const entry = known?.entry ?? { type: 'text' as const }
  return {
    ...item,
    title: known?.title[language] ?? item.code,
    metric: known?.measure?.metric ?? null,
    type: entry.type,
    unit: entry.type === 'number' ? entry.unit : null,
    options:
      entry.type === 'choice'
        ? entry.options.map(({ value, title, level }) => ({ value, title: title[language], level }))
        : [],
    limits,
  }
}

/** A roster, with whether it is good for anything. */
async function rosterView<Roster extends { readonly unitId: string }>(
  tx: EntityManager,
  roster: Roster,
) {
  const gap = await tx.findOneBy(InspectionGapEntity, { unitId: roster.unitId })
  return { ...roster, uncoveredSince: gap?.foundAt ?? null }
}

const roundView = (round: InspectionRound) => ({ ...round, late: isLate(round) })

async function inFull(tx: EntityManager, request: FastifyRequest, round: InspectionRound) {
  const language = languageOf(request)
  const items = await tx.findBy(InspectionItemEntity, { roundId: round.id })
  const order = new Map(dailyTemplate.map(({ code }, index) => [code, index]))
  const place = (code: string) => order.get(code) ?? dailyTemplate.length
  return {
    ...roundView(round),
    items: items
      .sort((a, b) => place(a.code) - place(b.code))
      .map((item) => itemView(item, language)),
    findings: await tx.find(InspectionFindingEntity, {
      where: { roundId: round.id },
      order: { foundAt: 'asc' },
    }),
  }
}

export function inspectionRoutes(app: App, deps: Dependencies<MonitoringConfig>): void {
  const { db, clock } = deps

  app.put(
    '/v1/inspections/rosters/:unitId',
    {
      config: { access: 'inspection.plan', versioned: true, clauses: ['A-3.1.1'] },
      schema: {
        operationId: 'setInspectionRoster',
        summary: 'Names the inspector of a unit and the deputy; open rounds go to them at once.',
        tags,
        params: OfUnit,
        body: Type.Object(
          { inspectorPersonId: Uuid, deputyPersonId: nullable(Uuid) },
          { additionalProperties: false },
        ),
        response: { 200: RosterView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        assertReaches(request, request.params.unitId)
        return rosterView(
          tx,
          await setRoster(tx, { ...request.params, ...request.body }, expected, act),
        )
      }),
  )

  app.get(
    '/v1/inspections/rosters/:unitId',
    {
      config: { access: 'inspection.read', clauses: ['A-3.1.1'] },
      schema: {
        operationId: 'readInspectionRoster',
        summary: 'Who inspects a unit; version 0 before somebody was named.',
        tags,
        params: OfUnit,
        response: { 200: RosterView },
      },
    },
    async (request, reply) => {
      const { unitId } = request.params
      assertReaches(request, unitId)
      const roster = await db.manager.findOneBy(InspectionRosterEntity, { unitId })
      void reply.header('etag', etag(roster?.version ?? 0))
      return rosterView(
        db.manager,
        roster ?? { unitId, inspectorPersonId: null, deputyPersonId: null, version: 0 },
      )
    },
  )

  app.post(
    '/v1/inspections/rounds',
    {
      config: { access: 'inspection.plan', once: true, clauses: ['A-3.1.1', 'A-3.1.2'] },
      schema: {
        operationId: 'generateInspectionRound',
        summary:
          'Draws up the round of a unit and day by hand, at most tomorrow; each night it is done by itself.',
        tags,
        body: Type.Object({ unitId: Uuid, date: LocalDate }, { additionalProperties: false }),
        response: { 201: RoundView },
      },
    },
    (request, reply) => {
      const { unitId, date } = request.body
      assertReaches(request, unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        await activeUnit(tx, unitId)
        const ahead = daysBetween(dayInChina(act.now), date)
        if (ahead > 1 || ahead < -DAYS_BACK)
          throw new Problem('inspection-date', `${date} is too far from today.`)
        const round = await generateRound(tx, { unitId, date }, act)
        if (round === null)
          throw new Problem('inspection-exists', `The unit has its round of ${date}.`)
        return {
          body: roundView(round),
          version: round.version,
          location: `/v1/inspections/rounds/${round.id}`,
        }
      })
    },
  )

  app.get(
    '/v1/inspections/rounds',
    {
      config: { access: 'inspection.read', clauses: ['A-3.1.1'] },
      schema: {
        operationId: 'listInspectionRounds',
        summary: 'The rounds of the units the caller may see, the latest day first.',
        tags,
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          date: Type.Optional(LocalDate),
          state: Type.Optional(Type.Enum(['open', 'signed'])),
          overdue: Type.Boolean({ default: false, description: 'Only those not signed in time.' }),
        }),
        response: { 200: pageOf(RoundView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, date, state, overdue } = request.query
      const { range, unitId: own } = principalOf(request)
      const rows: InspectionRound[] = await db.query(
        `select id, unit_id as "unitId", date::text, state, inspector_person_id as "inspectorPersonId",
                deputy_person_id as "deputyPersonId", due_at as "dueAt", deputy_due_at as "deputyDueAt",
                generated_at as "generatedAt", overdue_at as "overdueAt", handed_over_at as "handedOverAt",
                signed_by_person_id as "signedByPersonId", signed_at as "signedAt", suspicions, version
           from inspection_round r
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and ($4::date is null or date = $4) and ($5::text is null or state = $5)
            and (not $6 or overdue_at is not null)
            and ($7::uuid is null
                 or (r.date, id) < (select a.date, a.id from inspection_round a where a.id = $7))
          order by r.date desc, id desc limit $8`,
        [
          unitId ?? null,
          range === 'company',
          own,
          date ?? null,
          state ?? null,
          overdue,
          decodeIdCursor(cursor),
          limit + 1,
        ],
      )
      return page(rows.map(roundView), limit, ({ id }) => [id])
    },
  )

  app.get(
    '/v1/inspections/rounds/:id',
    {
      config: { access: 'inspection.read', clauses: ['A-3.1.1', 'A-3.1.2'] },
      schema: {
        operationId: 'readInspectionRound',
        summary: 'One round with its items and findings; the ETag is the version of the round.',
        tags,
        params: ById,
        response: { 200: RoundInFull },
      },
    },
    async (request, reply) => {
      const round = await reachedRound(db.manager, request, request.params.id)
      void reply.header('etag', etag(round.version))
      return inFull(db.manager, request, round)
    },
  )

  app.post(
    '/v1/inspections/rounds/:id/fill',
    {
      config: { access: 'inspection.work', clauses: ['A-3.1.2'] },
      schema: {
        operationId: 'fillInspectionRound',
        summary: 'Fills the measured items from the newest samples; may be repeated.',
        tags,
        params: ById,
        response: { 200: RoundInFull },
      },
    },
    (request) =>
      db.transaction(async (tx) => {
        await reachedRound(tx, request, request.params.id)
        const act = actOf(request, clock())
        const round = await lockWorkableRound(tx, request.params.id, act.now)
        await fillRound(tx, round, act)
        return inFull(tx, request, round)
      }),
  )

  app.put(
    '/v1/inspections/rounds/:id/items/:code',
    {
      config: { access: 'inspection.work', versioned: true, clauses: ['A-3.1.2', 'A-3.1.3'] },
      schema: {
        operationId: 'recordInspectionItem',
        summary:
          'Records what was seen and the verdict on an item, null for what the limits say; If-Match is the version of the item.',
        tags,
        params: OfItem,
        body: Type.Object(
          {
            value: nullable(Line(200)),
            verdict: nullable(Verdict),
            note: nullable(Paragraph(2_000)),
            level: Type.Enum(['warning', 'critical'], { default: 'warning' }),
            severity: Type.Enum(['simple', 'complex'], {
              default: 'simple',
              description: 'Whether it is solved at once or goes to superiors (A-3.1.4, A-3.1.5).',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: ItemView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id: roundId, code } = request.params
        await reachedRound(tx, request, roundId)
        const item = await recordItem(tx, { roundId, code, ...request.body }, expected, act)
        return itemView(item, languageOf(request))
      }),
  )

  app.post(
    '/v1/inspections/rounds/:id/items/:code/overrule',
    {
      config: {
        access: 'inspection.work',
        versioned: true,
        approves: true,
        clauses: ['A-3.1.2', 'A-3.1.3'],
      },
      schema: {
        operationId: 'overruleInspectionItem',
        summary:
          'A second person says why a value beyond its limit is no finding; If-Match is the version of the item.',
        tags,
        params: OfItem,
        body: Type.Object({ reason: Paragraph(2_000) }, { additionalProperties: false }),
        response: { 200: ItemView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id: roundId, code } = request.params
        await reachedRound(tx, request, roundId)
        const item = await overruleItem(tx, { roundId, code, ...request.body }, expected, act)
        return itemView(item, languageOf(request))
      }),
  )

  app.post(
    '/v1/inspections/rounds/:id/sign-off',
    {
      config: {
        access: 'inspection.work',
        versioned: true,
        approves: true,
        clauses: ['A-3.1.1', 'A-3.1.2'],
      },
      schema: {
        operationId: 'signInspectionRound',
        summary:
          'The inspector signs, or the deputy in turn; every item must have its verdict, and the day must have begun.',
        tags,
        params: ById,
        response: { 200: RoundView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        await reachedRound(tx, request, request.params.id)
        return roundView(await signRound(tx, request.params.id, expected, act))
      }),
  )
}
