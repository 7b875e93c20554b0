import { about, closed, Code, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { byText } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { confirmSite } from './confirm-site.ts'
import { changeSite, registerSite } from './keep-site.ts'
import { Medium, SiteEntity, siteOf, SiteView } from './site.ts'

const tags = ['backup-sites']
const read = { access: 'backup.read', tags } as const
const plan = {
  access: 'backup.plan',
  tags,
  answer: SiteView,
  // Sites serve every unit.
  admit: ({ request }: { readonly request: FastifyRequest }) => {
    assertReaches(request, null)
  },
} as const

/** What is stated of a site and may be stated anew. */
const stated = {
  name: about(Line(200), 'What people call it.'),
  location: about(Line(200), 'Where it stands, in words: room and rack.'),
  building: nullable(
    Line(200),
    'The building with its town, as on its door plate; null: not stated.',
  ),
  custodianPersonId: nullable(Uuid, 'Who looks after it; null: nobody is named.'),
  isEncrypted: Type.Boolean({
    description: 'Whether the medium itself is encrypted, besides what agents seal.',
  }),
}

/** The register of media. Source. */
export function siteRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db } = deps

  createRoute(app, deps, '/v1/backup-sites', {
    ...plan,
    operationId: 'registerBackupSite',
    problems: ['backup-site-exists', 'outside-unit', 'person-unknown'],
    summary: 'Registers a place where copies lie; it counts when a second person has confirmed it.',
    clauses: ['A-2.4.2', 'A-2.4.3'],
    body: closed({
      code: about(Code, 'Its name in policies and stores; it never changes.'),
      ...stated,
      building: Type.Optional(stated.building),
      medium: Medium,
      isOffsite: Type.Boolean({
        description: 'Whether it stands elsewhere than what is backed up. Source: A-2.4.3.',
      }),
    }),
    located: 'code',
    create: (tx, { body: { building = null, ...rest }, act }) =>
      registerSite(tx, { ...rest, building }, act),
  })

  listRoute(app, '/v1/backup-sites', {
    ...read,
    operationId: 'listBackupSites',
    summary: 'The register of places and media, by code.',
    clauses: ['A-2.4.2'],
    row: SiteView,
    sorting: byText('code'),
    list: (stretch) => inOrder(db.manager, SiteEntity, 'code', stretch, {}),
  })

  readRoute(app, '/v1/backup-sites/:code', {
    ...read,
    operationId: 'readBackupSite',
    problems: ['backup-site-not-found'],
    summary: 'One site.',
    params: { code: about(Code, 'Which site: its code.') },
    answer: SiteView,
    read: ({ params }) => siteOf(db.manager, params.code),
  })

  changeRoute(app, deps, 'PATCH', '/v1/backup-sites/:code', {
    ...plan,
    operationId: 'changeBackupSite',
    problems: ['backup-policy-missing', 'backup-site-not-found', 'outside-unit', 'person-unknown'],
    summary:
      'Changes what is known of a site, which is confirmed anew; its medium and whether it is off site stay.',
    clauses: ['A-2.4.2'],
    params: { code: about(Code, 'Which site: its code.') },
    body: Type.Partial(Type.Object(stated), { additionalProperties: false, minProperties: 1 }),
    apply: (tx, { params, body, expected, act }) =>
      changeSite(tx, params.code, body, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/backup-sites/:code/confirm', {
    ...plan,
    operationId: 'confirmBackupSite',
    problems: [
      'backup-policy-missing',
      'backup-site-not-found',
      'backup-site-state',
      'outside-unit',
      'person-required',
      'same-person',
    ],
    summary: 'A second person confirms where a site stands and what its medium is.',
    approves: true,
    clauses: ['A-2.4.2', 'A-2.4.3'],
    params: { code: about(Code, 'Which site: its code.') },
    apply: (tx, { params, expected, act }) => confirmSite(tx, params.code, expected, act),
  })
}
