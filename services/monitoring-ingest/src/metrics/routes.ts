import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Instant, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import type { MonitoringConfig } from '../config.ts'
import { readRange } from './read-range.ts'
import { parseMatcher } from './rules/matchers.ts'

const Point = Type.Object(
  {
    at: about(InstantOut, 'Begin of the step.'),
    avg: nullable(
      Type.Number(),
      'Average of the finite samples in the step, in the unit of the metric, those beyond 1e100 left out; null where there are none.',
    ),
    min: nullable(Type.Number(), 'The least of the finite samples; null where there are none.'),
    max: nullable(Type.Number(), 'The greatest of the finite samples; null where there are none.'),
    count: Type.Integer({ description: 'Samples in the step.' }),
  },
  { title: 'MetricPoint' },
)

const MetricRange = Type.Object(
  {
    metric: Type.String({ description: 'Name of the metric.' }),
    stepSeconds: Type.Integer({ description: 'Length of a step.' }),
    series: Type.Array(
      Type.Object(
        {
          sourceId: about(Uuid, 'The source that sends it.'),
          unitId: about(Uuid, 'The unit of the source.'),
          labels: Type.Record(Type.String(), Type.String(), {
            description: 'The labels that tell it from others of the metric.',
          }),
          points: Type.Array(Point, {
            description: 'A point for each step that has samples, the first first.',
          }),
        },
        { title: 'MetricSeries' },
      ),
      { description: 'By source and labels; a metric that nothing sends has none.' },
    ),
  },
  { title: 'MetricRange' },
)

export function metricRoutes(app: App, { db }: Dependencies<MonitoringConfig>): void {
  readRoute(app, '/v1/metrics/range', {
    operationId: 'readMetricRange',
    problems: ['matcher-unusable', 'outside-unit', 'range-too-wide'],
    summary: 'Average, least and greatest value per step of every series of a metric.',
    tags: ['metrics'],
    access: 'metric.read',
    clauses: ['A-3.2.1', 'A-3.2.4'],
    query: {
      metric: Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Name of the metric, as its source sends it.',
      }),
      from: about(Instant, 'Begin, inclusive.'),
      to: about(Instant, 'End, exclusive.'),
      stepSeconds: Type.Integer({
        minimum: 1,
        maximum: 86_400,
        default: 60,
        description: 'Length of a step.',
      }),
      match: Type.Optional(
        Type.Array(Type.String({ maxLength: 1_300 }), {
          maxItems: 20,
          description: 'Condition on a label, name="value" or name!="value"; all must hold.',
        }),
      ),
      unitId: Type.Optional(about(Uuid, 'Only series of this unit; left out: of your range.')),
    },
    answer: MetricRange,
    read: async ({ query, request }) => {
      const { metric, from, to, stepSeconds, match = [], unitId } = query
      const matchers = match.map((text) => {
        const matcher = parseMatcher(text)
        if (matcher === null)
          throw new Problem(
            'matcher-unusable',
            said(
              `${text} is not name="value" or name!="value".`,
              `${text} 不是 name="value" 或 name!="value" 的形式。`,
            ),
          )
        return matcher
      })
      const series = await readRange(db.manager, {
        metric,
        matchers,
        unitId: unitOf(request, unitId),
        from: instant('from', from),
        to: instant('to', to),
        stepSeconds,
      })
      return { metric, stepSeconds, series }
    },
  })
}

/** The format lets a leap second pass, which no `Date` can hold. */
function instant(name: string, text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new Problem('validation-failed', said(`${name} is no instant.`, `${name} 不是时刻。`), {
      errors: [{ parameter: name, detail: said('is no instant', '不是时刻') }],
    })
  return at
}

/** The unit to read: the one asked for, else the caller's, `null` for every unit. */
function unitOf(request: FastifyRequest, asked: string | undefined): string | null {
  if (asked !== undefined) {
    assertReaches(request, asked)
    return asked
  }
  const { range, unitId } = principalOf(request)
  if (range === 'company') return null
  if (unitId === null)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  return unitId
}
