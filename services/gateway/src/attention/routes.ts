import { attentionKindNames, attentionKinds, severities } from '@erp-steward/contracts/attention'
import { serviceNames } from '@erp-steward/contracts/services'
import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  Attention,
  attentionGauges,
  type AttentionCount,
  type AttentionItem,
  type AttentionQuery,
} from '@erp-steward/service-kit/attention'
import { principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { languageOf } from '@erp-steward/service-kit/language'
import { MAX_LIMIT } from '@erp-steward/service-kit/paging'
import type { FastifyBaseLogger } from 'fastify'
import { Gauge } from 'prom-client'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { HealthRound } from '../health/health-round.ts'
import { askUpstream, type Upstream } from '../routing/upstreams.ts'
import { ownKinds, type OwnAttention } from './own-attention.ts'
import { addUp, mendingOf, wordsOf, worstFirst, type Teller } from './rules/merge-attention.ts'

/** Longest wait for what a service tells, in milliseconds; one that takes longer does not answer. */
const ANSWER_MS = 5_000
const DEFAULT_LIMIT = 100

const Kind = Type.Enum(attentionKindNames, {
  title: 'AttentionKind',
  description: 'What it is; a later version may know more.',
})
const Severity = Type.Enum([...severities], {
  title: 'AttentionSeverity',
  description:
    '`critical`: what the regulations demand does not happen, or facts are lost; `warning`: it will come to that.',
})

const AttentionList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          kind: Kind,
          severity: Severity,
          service: Type.Enum(['gateway', ...serviceNames], { description: 'Who tells of it.' }),
          title: Type.String({ description: 'What it is, in the language preferred.' }),
          remedy: Type.String({ description: 'What to do, in the language preferred.' }),
          subject: Type.String({
            description: 'Id of what it is about: a task, a ticket, a clause.',
          }),
          name: nullable(
            Type.String(),
            'What people call that, never the name of a person; null: it has no name.',
          ),
          unitIds: Type.Array(Uuid, {
            description: 'Units that it is about; empty: the company as a whole.',
          }),
          since: about(InstantOut, 'Since when it is so.'),
          mending: Type.Object(
            {
              operationId: Type.String({ description: 'As this document names it.' }),
              method: Type.Enum(['GET', 'POST', 'PUT'], { description: 'Its HTTP method.' }),
              path: Type.String({ description: 'With the ids filled in.' }),
            },
            {
              description:
                'The operation that mends it; a GET shows what no operation can mend. It asks for its own permission.',
            },
          ),
        },
        { title: 'AttentionItem' },
      ),
      { description: 'The worst first, then the oldest.' },
    ),
    counts: Type.Array(
      Type.Object(
        {
          kind: Kind,
          severity: Severity,
          title: Type.String({ description: 'What it is, in the language preferred.' }),
          count: Type.Integer({ minimum: 1, description: 'How many there are.' }),
          since: about(InstantOut, 'Since when the oldest of them is so.'),
        },
        { title: 'AttentionCount' },
      ),
      { description: 'How many there are of each kind and severity, in the order of the list.' },
    ),
    rest: Type.Integer({ minimum: 0, description: 'How many are not in `items`.' }),
  },
  { title: 'AttentionList' },
)

export interface AttentionParts {
  readonly upstreams: readonly Upstream[]
  readonly internalToken: string
  readonly states: HealthRound
  readonly own: OwnAttention
}

/** `GET /v1/attention`: everything that wants a human, asked of all services at once; and the gateway's own gauges. */
export function attentionRoutes(app: App, parts: AttentionParts): void {
  const { own } = parts
  ownGauges(app, parts)

  app.get(
    '/v1/attention',
    {
      config: { access: 'attention.read' },
      schema: {
        operationId: 'readAttention',
        problems: ['outside-unit'],
        summary:
          'Everything that wants a human, the worst first, with the operation that mends it.',
        description:
          'Of each kind those are told who may read what it is about. Callers whose range is a unit see what is about their unit, ' +
          'not what is about the company as a whole. A service that does not answer is an entry of its own.',
        tags: ['attention'],
        querystring: Type.Object({
          limit: Type.Integer({
            minimum: 1,
            maximum: MAX_LIMIT,
            default: DEFAULT_LIMIT,
            description: 'Most items to answer; `rest` says how many more there are.',
          }),
          kind: Type.Optional(
            Type.Array(Kind, {
              minItems: 1,
              maxItems: attentionKindNames.length,
              description: 'Only these kinds.',
            }),
          ),
        }),
        response: { 200: AttentionList },
      },
    },
    async (request) => {
      const { limit, kind: wanted = attentionKindNames } = request.query
      const { permissions } = principalOf(request)
      const unitId = unitInRange(request)
      const kinds = wanted.filter((kind) => permissions.has(attentionKinds[kind].read))
      const told = await askAll(parts, { kinds, unitId, limit }, request.log)
      // What is about the company as a whole is not a unit's; that the list has a hole is everybody's.
      const found = unitId === null ? await own.find() : []
      const items = [...told.silent, ...found].filter(({ kind }) => kinds.includes(kind))
      const sorted = worstFirst([
        ...items.map((item) => ({ ...item, service: 'gateway' as const })),
        ...told.items,
      ])
      const counts = addUp([...countsOf(items), ...told.counts])
      const shown = sorted.slice(0, limit)
      const language = languageOf(request)
      return {
        items: shown.map((item) => {
          const { kind, severity, service, subject, name, unitIds, since } = item
          return {
            ...{ kind, severity, service, ...wordsOf(kind, language), subject, name },
            ...{ unitIds: [...unitIds], since: new Date(since), mending: mendingOf(item) },
          }
        }),
        counts: counts.map(({ kind, severity, count, since }) => ({
          ...{ kind, severity, title: wordsOf(kind, language).title, count },
          since: new Date(since),
        })),
        rest: counts.reduce((sum, { count }) => sum + count, 0) - shown.length,
      }
    },
  )
}

const isAttention = Compile(Attention)

/** What each service tells; those that do not are entries themselves. */
async function askAll(
  { upstreams, internalToken, own }: AttentionParts,
  { kinds, unitId, limit }: AttentionQuery,
  log: FastifyBaseLogger,
) {
  const query = new URLSearchParams({ limit: String(limit), ...(unitId !== null && { unitId }) })
  for (const kind of kinds) query.append('kind', kind)
  const answers = await Promise.all(
    upstreams.map(async (upstream): Promise<{ service: Teller; told: Attention | null }> => {
      const service = upstream.name
      try {
        const told = await askUpstream(
          upstream,
          `/internal/attention?${query.toString()}`,
          ANSWER_MS,
          {
            authorization: `Bearer ${internalToken}`,
          },
        )
        if (isAttention.Check(told)) return { service, told }
        log.error(
          { upstream: service },
          'what it tells of matters that want a human cannot be read',
        )
      } catch (error) {
        log.warn({ upstream: service, err: error }, 'it tells of no matters that want a human')
      }
      return { service, told: null }
    }),
  )
  return {
    items: answers.flatMap(({ service, told }) =>
      (told?.items ?? []).map((item) => ({ ...item, service })),
    ),
    counts: answers.flatMap(({ told }) => told?.counts ?? []),
    silent: answers.flatMap(({ service, told }) => own.silence(service, told === null) ?? []),
  }
}

function countsOf(items: readonly AttentionItem[]): AttentionCount[] {
  return addUp(items.map(({ kind, severity, since }) => ({ kind, severity, since, count: 1 })))
}

/** The own matters as gauges, and which services are ready. */
function ownGauges(app: App, { states, own }: AttentionParts): void {
  new Gauge({
    name: 'service_ready',
    help: '1 while the service can work, as /health tells; 0 while it cannot.',
    labelNames: ['upstream'],
    registers: [app.metrics],
    async collect() {
      for (const [upstream, state] of Object.entries(await states()))
        this.set({ upstream }, state === 'up' ? 1 : 0)
    },
  })
  attentionGauges(app.metrics, ownKinds, async () => {
    const silent = Object.entries(await states()).flatMap(
      ([service, state]) => own.silence(service, state === 'down') ?? [],
    )
    return countsOf([...silent, ...(await own.find())])
  })
}
