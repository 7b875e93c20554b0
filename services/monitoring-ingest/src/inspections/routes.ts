import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  closed,
  Line,
  LocalDate,
  nullable,
  OfUnit,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { languageOf, type Language } from '@erp-steward/service-kit/language'
import { byId } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  PathId,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
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
  FindingView,
  InspectionFindingEntity,
  InspectionGapEntity,
  InspectionItemEntity,
  InspectionRosterEntity,
  InspectionRoundEntity,
  isLate,
  ItemView,
  lockWorkableRound,
  RosterView,
  roundById,
  RoundState,
  RoundView,
  Verdict,
  type InspectionItem,
  type InspectionRound,
} from './round.ts'
import { dailyTemplate, templateItem } from './rules/daily-template.ts'
import { dayInChina, daysBetween } from './rules/shanghai-day.ts'
import { setRoster } from './set-roster.ts'
import { signRound } from './sign-round.ts'

const RoundInFull = Type.Object(
  {
    ...RoundView.properties,
    items: Type.Array(ItemView, { description: 'In the order of the template.' }),
    findings: Type.Array(FindingView, {
      description: 'What is not as it should be, the first first. Source: A-3.1.3.',
    }),
  },
  { title: 'InspectionRoundInFull' },
)

const COLUMNS = columnsOf(InspectionRoundEntity)
const tags = ['inspections']
const read = { tags, access: 'inspection.read' } as const
const plan = { tags, access: 'inspection.plan' } as const
const work = { tags, access: 'inspection.work' } as const
const ofItem = { code: Type.String({ maxLength: 60, description: 'Which item: its `code`.' }) }
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

  changeRoute(app, deps, 'PUT', '/v1/inspections/rosters/:unitId', {
    ...plan,
    operationId: 'setInspectionRoster',
    problems: ['inspector-unable', 'outside-unit', 'person-unknown', 'same-person', 'unit-unknown'],
    summary: 'Names the inspector of a unit and the deputy; open rounds go to them at once.',
    clauses: ['A-3.1.1'],
    body: closed({
      inspectorPersonId: about(Uuid, 'Who inspects the unit each day.'),
      deputyPersonId: nullable(Uuid, 'Who inspects when the inspector does not; null: nobody.'),
    }),
    answer: RosterView,
    apply: async (tx, { params: { unitId }, body, request, expected, act }) => {
      assertReaches(request, unitId)
      return rosterView(tx, await setRoster(tx, { unitId, ...body }, expected, act))
    },
  })

  readRoute(app, '/v1/inspections/rosters/:unitId', {
    ...read,
    operationId: 'readInspectionRoster',
    problems: ['outside-unit'],
    summary: 'Who inspects a unit; version 0 before somebody was named.',
    clauses: ['A-3.1.1'],
    answer: RosterView,
    read: async ({ params: { unitId }, request }) => {
      assertReaches(request, unitId)
      const roster = await db.manager.findOneBy(InspectionRosterEntity, { unitId })
      return rosterView(
        db.manager,
        roster ?? { unitId, inspectorPersonId: null, deputyPersonId: null, version: 0 },
      )
    },
  })

  createRoute(app, deps, '/v1/inspections/rounds', {
    ...plan,
    operationId: 'generateInspectionRound',
    problems: ['inspection-date', 'inspection-exists', 'outside-unit', 'unit-unknown'],
    summary:
      'Draws up the round of a unit and day by hand, at most tomorrow; each night it is done by itself.',
    clauses: ['A-3.1.1', 'A-3.1.2'],
    body: closed({
      unitId: about(Uuid, 'The unit to be inspected.'),
      date: about(
        LocalDate,
        'The day in China that it is about: at most 7 days back, at most tomorrow.',
      ),
    }),
    answer: RoundView,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: async (tx, { body: { unitId, date }, act }) => {
      await activeUnit(tx, unitId)
      const ahead = daysBetween(dayInChina(act.now), date)
      if (ahead > 1 || ahead < -DAYS_BACK)
        throw new Problem(
          'inspection-date',
          said(`${date} is too far from today.`, `${date} 距今过远。`),
        )
      const round = await generateRound(tx, { unitId, date }, act)
      if (round === null)
        throw new Problem(
          'inspection-exists',
          said(`The unit has its round of ${date}.`, `该单位已有 ${date} 的巡检。`),
        )
      return roundView(round)
    },
  })

  listRoute(app, '/v1/inspections/rounds', {
    ...read,
    operationId: 'listInspectionRounds',
    summary: 'The rounds of the units the caller may see, the latest day first.',
    clauses: ['A-3.1.1'],
    query: {
      unitId: Type.Optional(OfUnit),
      date: Type.Optional(about(LocalDate, 'Only rounds of this day in China.')),
      state: Type.Optional(RoundState),
      overdue: Type.Boolean({ default: false, description: 'Only those not signed in time.' }),
    },
    row: RoundView,
    sorting: byId,
    list: async ({ query: { unitId, date, state, overdue }, request, after, limit }) => {
      const { range, unitId: own } = principalOf(request)
      const rows: InspectionRound[] = await db.query(
        `select ${COLUMNS} from inspection_round r
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and ($4::date is null or date = $4) and ($5::text is null or state = $5)
            and (not $6 or overdue_at is not null)
            and ($7::uuid is null
                 or (r.date, id) < (select a.date, a.id from inspection_round a where a.id = $7))
          order by r.date desc, id desc limit $8`,
        [
          ...[unitId ?? null, range === 'company', own],
          ...[date ?? null, state ?? null, overdue],
          ...[after, limit],
        ],
      )
      return rows.map(roundView)
    },
  })

  readRoute(app, '/v1/inspections/rounds/:id', {
    ...read,
    operationId: 'readInspectionRound',
    problems: ['inspection-not-found', 'outside-unit'],
    summary: 'One round with its items and findings; the ETag is the version of the round.',
    clauses: ['A-3.1.1', 'A-3.1.2'],
    answer: RoundInFull,
    read: async ({ params, request }) =>
      inFull(db.manager, request, await reachedRound(db.manager, request, params.id)),
  })

  app.post(
    '/v1/inspections/rounds/:id/fill',
    {
      config: { access: 'inspection.work', clauses: ['A-3.1.2'] },
      schema: {
        operationId: 'fillInspectionRound',
        problems: [
          'inspection-not-found',
          'inspection-not-open',
          'inspection-signed',
          'outside-unit',
        ],
        summary: 'Fills the measured items from the newest samples; may be repeated.',
        tags,
        params: Type.Object({ id: PathId }),
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

  changeRoute(app, deps, 'PUT', '/v1/inspections/rounds/:id/items/:code', {
    ...work,
    operationId: 'recordInspectionItem',
    problems: [
      'inspection-measured',
      'inspection-not-found',
      'inspection-not-open',
      'inspection-note-required',
      'inspection-signed',
      'inspection-value-required',
      'inspection-value-unfit',
      'inspection-verdict',
      'not-inspector',
      'outside-unit',
    ],
    summary:
      'Records what was seen and the verdict on an item, null for what the limits say; If-Match is the version of the item.',
    clauses: ['A-3.1.2', 'A-3.1.3'],
    params: ofItem,
    body: closed({
      value: nullable(
        Line(200),
        'What was seen: a number in `unit`, an option or a text, as `type` says; null: the measured value stands.',
      ),
      verdict: nullable(Verdict, 'Null: what the limits or the option say.'),
      note: nullable(
        Paragraph(2_000),
        'What is to be said of it; null for nothing. An abnormal verdict needs it.',
      ),
      level: Type.Enum(['warning', 'critical'], {
        default: 'warning',
        description: 'Level of the finding, where the verdict is `abnormal` and no limit says it.',
      }),
      severity: Type.Enum(['simple', 'complex'], {
        default: 'simple',
        description: 'Whether it is solved at once or goes to superiors (A-3.1.4, A-3.1.5).',
      }),
    }),
    answer: ItemView,
    apply: async (tx, { params: { id: roundId, code }, body, request, expected, act }) => {
      await reachedRound(tx, request, roundId)
      const item = await recordItem(tx, { roundId, code, ...body }, expected, act)
      return itemView(item, languageOf(request))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/inspections/rounds/:id/items/:code/overrule', {
    ...work,
    approves: true,
    operationId: 'overruleInspectionItem',
    problems: [
      'inspection-not-found',
      'inspection-not-open',
      'inspection-note-required',
      'inspection-signed',
      'inspection-verdict',
      'inspector-unable',
      'not-inspector',
      'outside-unit',
      'same-person',
    ],
    summary:
      'A second person says why a value beyond its limit is no finding; If-Match is the version of the item.',
    clauses: ['A-3.1.2', 'A-3.1.3'],
    params: ofItem,
    body: closed({ reason: about(Paragraph(2_000), 'Why the value is no finding.') }),
    answer: ItemView,
    apply: async (tx, { params: { id: roundId, code }, body, request, expected, act }) => {
      await reachedRound(tx, request, roundId)
      const item = await overruleItem(tx, { roundId, code, ...body }, expected, act)
      return itemView(item, languageOf(request))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/inspections/rounds/:id/sign-off', {
    ...work,
    approves: true,
    operationId: 'signInspectionRound',
    problems: [
      'inspection-incomplete',
      'inspection-not-found',
      'inspection-not-open',
      'inspection-signed',
      'inspector-unable',
      'not-inspector',
      'outside-unit',
      'same-person',
    ],
    summary:
      'The inspector signs, or the deputy in turn; every item must have its verdict, and the day must have begun.',
    clauses: ['A-3.1.1', 'A-3.1.2'],
    answer: RoundView,
    apply: async (tx, { params, request, expected, act }) => {
      await reachedRound(tx, request, params.id)
      return roundView(await signRound(tx, params.id, expected, act))
    },
  })
}
