import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import {
  about,
  InstantOut,
  nullable,
  Instant,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import { isGuarded, stricterOf } from '@erp-steward/regulation/guards'
import { isInEffect } from '@erp-steward/regulation/in-effect'
import {
  isParameterKey,
  parameterByKey,
  parameters,
  type ParameterKey,
} from '@erp-steward/regulation/parameters'
import { unitInChinese } from '@erp-steward/regulation/unit-in-chinese'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import type { App } from './app.ts'
import { changeParameter, setGuardedParameter } from './change-parameter.ts'
import { change, etag } from './commit.ts'
import { languageOf } from './language.ts'
import { decidersOf } from './measured-interest.ts'
import { listOf } from './paging.ts'
import { parameterHistory, readParameter } from './parameters.ts'
import { ProposalView } from './proposal.ts'
import { proposed } from './proposal-routes.ts'

const ByKey = Type.Object({
  key: Type.String({
    pattern: '^[a-z][a-z0-9_.-]{0,99}$',
    description: 'As the list of parameters names it.',
  }),
})

const ParameterView = Type.Object(
  {
    key: Type.String({ description: 'Its name in paths and events; it never changes.' }),
    title: Type.String({ description: 'For people, in the language preferred.' }),
    description: Type.String({ description: 'What it sets, in the language preferred.' }),
    type: Type.String({
      description: 'The form of the value: `integer`, `duration`, `string-list` and so on.',
    }),
    unit: Type.String({ description: 'Unit of the value, in the language preferred.' }),
    bounds: Type.Unknown({ description: 'What a value may be, by its type.' }),
    clauses: Type.Array(Type.String(), { description: 'The clauses that it makes testable.' }),
    source: Type.String({ description: 'Why it is shipped as it is.' }),
    value: Type.Unknown({ description: 'What holds now for the scope asked for.' }),
    version: Type.Integer({ description: '0: as shipped.' }),
    from: Type.Enum(['unit', 'company', 'shipped'], { description: 'Whose value holds.' }),
    guarded: Type.Boolean({
      description: 'A value that asks less than the one in force waits for a second person.',
    }),
    stricter: nullable(
      Type.Enum(['lower', 'higher']),
      'Which way a value asks more; null: every change of a guarded one waits.',
    ),
    deciders: Type.Array(Type.String(), {
      description: 'The roles that approve a value that waits: never those whose work it measures.',
    }),
    inEffect: Type.Boolean({
      description: 'False: not yet in effect; it can be set, and no code acts on it so far.',
    }),
  },
  { title: 'Parameter' },
)

const VersionView = Type.Object(
  {
    version: Type.Integer({ description: 'From 1.' }),
    unitId: nullable(Uuid, 'Null: of the company.'),
    value: Type.Unknown({ description: 'Null: what had been set was withdrawn.' }),
    validFrom: about(InstantOut, 'From when it holds, until a later version does.'),
    author: Type.String({ description: 'Account or client that set or proposed it.' }),
    approvedBy: nullable(
      Type.String(),
      'Account of the second person; null where none was needed.',
    ),
    reason: Type.String({ description: 'Why it was set.' }),
  },
  { title: 'ParameterVersion' },
)

export interface ParameterRouteOptions {
  readonly service: ServiceName
  readonly db: DataSource
  readonly clock: () => Date
  readonly unitExists: (tx: EntityManager, unitId: string) => Promise<boolean>
}

/** The parameters a service enforces; those of the gateway, which has no database, are kept by identity. */
export function ownedParameters(service: ServiceName): ParameterKey[] {
  return parameters
    .filter(
      (each) => each.service === service || (service === 'identity' && each.service === 'gateway'),
    )
    .map(({ key }) => key)
}

/** Reading and setting the parameters that one service enforces. */
export function parameterRoutes(app: App, options: ParameterRouteOptions): void {
  const { service, db, clock, unitExists } = options
  const own = ownedParameters(service)
  const guardedParameter = setGuardedParameter(service)
  const base = `/v1/parameters/${service}`
  const operation = (verb: string) =>
    `${verb}-${service}-parameter`.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())

  function known(key: string): ParameterKey {
    if (isParameterKey(key) && own.includes(key)) return key
    throw new Problem(
      'parameter-unknown',
      said(`${service} has no parameter ${key}.`, `${service} 没有参数 ${key}。`),
    )
  }

  async function view(key: ParameterKey, unitId: string | null, language: 'en' | 'zh-CN') {
    const { title, description, type, unit, bounds, clauses, source } = parameterByKey(key)
    const { value, version, source: from } = await readParameter(db.manager, key, unitId, clock())
    return {
      key,
      title: title[language],
      description: description[language],
      type,
      unit: language === 'en' ? unit : unitInChinese(unit),
      bounds,
      clauses: [...clauses],
      source,
      value,
      version,
      from,
      guarded: isGuarded(key),
      stricter: stricterOf(key),
      deciders: [...decidersOf(key)],
      inEffect: isInEffect(key),
    }
  }

  const Query = Type.Object({
    unitId: Type.Optional(
      about(
        Uuid,
        'Whose values: what this unit has of its own, else the company; left out: the company.',
      ),
    ),
  })

  app.get(
    base,
    {
      config: { access: 'parameter.read', clauses: ['A-4.1.2'] },
      schema: {
        operationId: `${operation('list')}s`,
        summary: 'The parameters with their values in force.',
        tags: ['parameters'],
        querystring: Query,
        response: { 200: listOf(ParameterView) },
      },
    },
    async (request) => ({
      items: await Promise.all(
        own.map((key) => view(key, request.query.unitId ?? null, languageOf(request))),
      ),
    }),
  )

  app.get(
    `${base}/:key`,
    {
      config: { access: 'parameter.read', clauses: ['A-4.1.2'] },
      schema: {
        operationId: operation('read'),
        problems: ['parameter-unknown'],
        summary:
          'One parameter; the ETag is the version of the scope asked for, "0" before its first.',
        tags: ['parameters'],
        params: ByKey,
        querystring: Query,
        response: {
          200: Type.Object(
            {
              ...ParameterView.properties,
              history: Type.Array(VersionView, {
                description: 'What was set for the scope asked for, the newest first.',
              }),
            },
            { title: 'ParameterWithHistory' },
          ),
        },
      },
    },
    async (request, reply) => {
      const key = known(request.params.key)
      const unitId = request.query.unitId ?? null
      const history = await parameterHistory(db.manager, key, unitId)
      void reply.header('etag', etag(history[0]?.version ?? 0))
      return {
        ...(await view(key, unitId, languageOf(request))),
        history,
      }
    },
  )

  app.put(
    `${base}/:key`,
    {
      config: { access: 'parameter.change', versioned: true, clauses: ['A-4.1.2'] },
      schema: {
        operationId: operation('set'),
        problems: [
          ...([
            'administrator-unnamed',
            'concerned',
            'parameter-refused',
            'parameter-unknown',
          ] as const),
          ...(['proposal-pending', 'unit-unknown'] as const),
        ],
        summary: 'Sets a new version for one unit or the company, or proposes it.',
        description:
          'A guarded parameter is set at once only where the value asks at least as much as the one in force; else the ' +
          'answer is 202 with a proposal, and nothing changes until a second, unconcerned person approves it.',
        tags: ['parameters'],
        params: ByKey,
        body: Type.Object(
          {
            unitId: nullable(Uuid, 'For which unit; null: for the company.'),
            value: Type.Unknown({
              description:
                'As `type` and `bounds` say; null withdraws what was set for the unit or the company.',
            }),
            validFrom: Type.Optional(
              about(Instant, 'From when, never in the past; left out: at once.'),
            ),
            reason: about(Paragraph(500), 'Why; it stays with the version.'),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object(
            { ...VersionView.properties, inEffect: ParameterView.properties.inEffect },
            { title: 'ParameterSet' },
          ),
          202: ProposalView,
        },
      },
    },
    async (request, reply) => {
      const key = known(request.params.key)
      return change({ db, clock }, request, reply, async (tx, act, expected) => {
        const { unitId } = request.body
        if (unitId !== null && !(await unitExists(tx, unitId)))
          throw new Problem(
            'unit-unknown',
            said(`There is no unit ${unitId}.`, `没有单位 ${unitId}。`),
          )
        const set = await changeParameter(tx, service, { key, ...request.body }, expected, act)
        return 'kind' in set
          ? proposed(request, reply, service, guardedParameter, set)
          : { ...set, inEffect: isInEffect(key) }
      })
    },
  )
}
