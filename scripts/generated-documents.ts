import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_ISSUER } from '@erp-steward/contracts/access-token'
import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { permissions, roles, type Role } from '@erp-steward/contracts/permissions'
import { problems } from '@erp-steward/contracts/problems'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { coverageDocument } from '@erp-steward/regulation/coverage'
import { glossaryDocument, parametersDocument } from '@erp-steward/regulation/regulation-documents'
import type { App } from '@erp-steward/service-kit/app'
import type { KeyFor } from '@erp-steward/service-kit/authentication'
import { buildService, type Service } from '@erp-steward/service-kit/service'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { parameters } from '@erp-steward/regulation/parameters'
import { registry } from '@erp-steward/standalone/registry'
import type { RouteOptions } from 'fastify'
import { pino } from 'pino'
import { DataSource } from 'typeorm'
import { demandsDocument } from './demands-document.ts'
import { withEbsTasks } from './ebs-tables.ts'
import { withDutiesInForce } from './duties-in-force.ts'
import { gatewayOfNoSite } from './gateway-of-no-site.ts'
import { parametersRead } from './parameters-read.ts'
import { matrixRows, roleMatrixDocument, type MatrixRow } from './role-matrix.ts'
import { withSettings } from './settings-tables.ts'

/** Written by people but for the tables of settings. */
const OPERATE = 'docs/guides/operate.md'
/** Written by people but for the tables of tasks. */
const EBS_GUIDE = 'docs/guides/ebs.md'
const EBS_GUIDE_ZH = 'docs/guides/ebs.zh-CN.md'

/**
 * Every document that is written from the code, by path from the root. A test compares them with what is committed.
 *
 * The coverage of the clauses is made from the OpenAPI documents on disk, so it is right only after those are written.
 */
export async function generatedDocuments(root: string): Promise<Map<string, string>> {
  const read = await parametersRead(root)
  const unread = parameters.map(({ key }) => key).filter((key) => !read.has(key))
  const openApi = await openApiDocuments()
  return new Map([
    ...openApi,
    ['docs/events.md', eventDocument()],
    ['docs/problems.md', problemDocument()],
    ['docs/permissions.md', permissionDocument()],
    ['docs/role-matrix.md', roleMatrixDocument(await roleMatrix(openApi))],
    ['docs/regulation/coverage.md', await coverageDocument(root)],
    ['docs/regulation/demands.md', demandsDocument()],
    ['docs/regulation/glossary.md', glossaryDocument()],
    ['docs/regulation/parameters.md', parametersDocument(new Set(unread))],
    ['packages/regulation/src/not-yet-in-effect.json', `${JSON.stringify(unread, null, 2)}\n`],
    [OPERATE, withSettings(await readFile(join(root, OPERATE), 'utf8'))],
    [EBS_GUIDE, withEbsTasks(await readFile(join(root, EBS_GUIDE), 'utf8'), 'en')],
    [EBS_GUIDE_ZH, withEbsTasks(await readFile(join(root, EBS_GUIDE_ZH), 'utf8'), 'zh-CN')],
    ['README.md', withDutiesInForce(await readFile(join(root, 'README.md'), 'utf8'), 'en')],
    [
      'README.zh-CN.md',
      withDutiesInForce(await readFile(join(root, 'README.zh-CN.md'), 'utf8'), 'zh-CN'),
    ],
  ])
}

/** The OpenAPI document of each service, from its routes; no database is asked. */
export async function openApiDocuments(): Promise<Map<string, string>> {
  const documents = new Map<string, string>()
  for (const name of serviceNames) {
    const app = await serviceOfNoSite(name, () => undefined)
    documents.set(`docs/openapi/${name}.json`, `${JSON.stringify(openApiOf(app), null, 2)}\n`)
    await app.close()
  }
  return documents
}

/**
 * A service with its routes and no database, so that whatever passes its checks fails.
 *
 * `onRoute` is told of each route but those that every app has before its service's own.
 */
export async function serviceOfNoSite(
  name: ServiceName,
  keyFor: KeyFor,
  onRoute: (route: RouteOptions) => void = () => undefined,
): Promise<App> {
  // The registry alone knows each service's own configuration; none of it shows in the document.
  const service = registry[name] as unknown as Service
  const routes: Service['routes'] = (app, dependencies) => {
    app.addHook('onRoute', onRoute)
    return service.routes(app, dependencies)
  }
  const { app } = await buildService(
    { ...service, routes },
    {
      db: new DataSource({ type: 'postgres' }),
      clock: () => new Date(0),
      config: settingsOfNoSite,
      log: pino({ level: 'silent' }),
      keyFor,
      internalToken: '',
    },
  )
  return app
}

/** Every operation of the services, whose documents are given, and of the gateway, with what it asks of its caller. */
export async function roleMatrix(openApi: ReadonlyMap<string, string>): Promise<MatrixRow[]> {
  const { app, end } = await gatewayOfNoSite(() => undefined)
  const ofGateway = openApiOf(app)
  await end()
  return [
    ...serviceNames.flatMap((name) =>
      matrixRows(name, JSON.parse(openApi.get(`docs/openapi/${name}.json`) ?? '')),
    ),
    ...matrixRows('gateway', ofGateway),
  ]
}

/** A key of zeros: the documents need a well-formed one, nothing is sealed with it. */
const ZERO_KEY = Buffer.alloc(32).toString('base64')

/** Settings with which each service has its routes, and nothing that works. */
export const settingsOfNoSite = {
  PUBLIC_URL: DEFAULT_ISSUER,
  SEALING_KEYS: ZERO_KEY,
  PERSONAL_DATA_KEYS: ZERO_KEY,
  PERSONAL_INDEX_KEY: ZERO_KEY,
  LEDGER_KEYS: '',
  SMTP_URL: '',
  MAIL_FROM: '',
  WEBHOOK_TARGETS: '',
  WEBHOOK_PRIVATE_NETWORKS: '',
  DIRECTORY_URL: '',
}

function eventDocument(): string {
  const byTopic = Map.groupBy(eventCatalog, ({ topic }) => topic)
  return [
    '# Events',
    '',
    'Written from `packages/contracts` by `npm run generate`. Each event is a CloudEvent 1.0 in structured mode; the Kafka key',
    'is its subject. Delivery is at least once and in order per subject; handlers see each event once in effect.',
    ...[...byTopic].flatMap(([topic, definitions]) => [
      '',
      `## \`${topic}\``,
      '',
      '| type | fact | clauses | members |',
      '|---|---|---|---|',
      ...definitions.map(
        ({ type, summary, clauses, payload }) =>
          `| \`${type}\` | ${summary} | ${clauses.join(', ') || '-'} | ${membersOf(payload)} |`,
      ),
    ]),
    '',
  ].join('\n')
}

function membersOf(payload: object): string {
  const { properties = {} } = payload as { properties?: Record<string, unknown> }
  return Object.keys(properties)
    .map((name) => `\`${name}\``)
    .join(' ')
}

function problemDocument(): string {
  return [
    '# Problems',
    '',
    'Written from `packages/contracts/src/problems/` by `npm run generate`. Every error is an RFC 9457 document',
    '(`application/problem+json`) with `type` = `/problems/<code>`, `title`, `status`, `code`, `detail`, `instance` (quote it when you',
    'report the problem), and `errors` where members are at fault. Its `type`, read from the gateway, answers what to do. What people',
    'read (`title`, `detail`, each `errors[].detail`, the remedy) is English or Chinese by `Accept-Language`.',
    '',
    '| code | status | meaning | 含义 | what to do | 处理办法 |',
    '|---|---|---|---|---|---|',
    ...Object.entries(problems)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([code, { status, title, remedy }]) =>
          `| \`${code}\` | ${String(status)} | ${title.en} | ${title['zh-CN']} | ${remedy.en} | ${remedy['zh-CN']} |`,
      ),
    '',
  ].join('\n')
}

function permissionDocument(): string {
  const held = permissions as Readonly<Record<string, readonly Role[]>>
  return [
    '# Permissions',
    '',
    'Written from `packages/contracts/src/permissions.ts` by `npm run generate`. An operation names one permission; a role that',
    'does not hold it is refused with `permission-missing`, and the refusal is kept as evidence.',
    '',
    `| permission | ${roles.join(' | ')} |`,
    `|---|${roles.map(() => '---').join('|')}|`,
    ...Object.keys(held)
      .sort()
      .map(
        (permission) =>
          `| \`${permission}\` | ${roles.map((role) => (held[permission]?.includes(role) === true ? '●' : '')).join(' | ')} |`,
      ),
    '',
  ].join('\n')
}
