/** A service of the product, what it owns in the database, on the bus and behind the gateway. */
export interface ServiceProfile {
  readonly name: ServiceName
  /** PostgreSQL schema and login role. */
  readonly schema: string
  /** Where its graphile-worker jobs live. */
  readonly jobsSchema: string
  /** Path prefixes that the gateway routes to it. */
  readonly prefixes: readonly string[]
}

export const serviceNames = [
  'identity',
  'incident-tiering',
  'monitoring-ingest',
  'backup-orchestration',
  'assessment',
] as const
export type ServiceName = (typeof serviceNames)[number]

const profile = (name: ServiceName, ...prefixes: readonly string[]): ServiceProfile => ({
  name,
  schema: name.replaceAll('-', '_'),
  jobsSchema: `${name.replaceAll('-', '_')}_jobs`,
  prefixes: [
    ...prefixes,
    `/v1/parameters/${name}`,
    `/v1/proposals/${name}`,
    `/v1/dead-letters/${name}`,
  ],
})

/**
 * Operations that need no access token, so that the gateway's door knows them before a service is up. A test compares
 * them with `security: []` of the committed OpenAPI documents.
 */
export const publicOperations: readonly string[] = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/openid-configuration',
  // Pages for people who sign in for a front end; who asks says so by the form.
  'GET /v1/authorizations',
  'POST /v1/authorizations',
  'GET /v1/sign-out',
  'POST /v1/sign-out',
  'POST /v1/sessions',
  'POST /v1/tokens',
  // Who asks says so by the credentials of a client, as RFC 7662 and 7009 have it.
  'POST /v1/tokens/introspection',
  'POST /v1/tokens/revocation',
  'POST /v1/tokens/refresh',
  // Checks the token of the source itself, which is no access token.
  'POST /v1/metrics/write',
]

/**
 * Paths whose answers have no end, so that the gateway keeps them apart from those that have. A test compares them with
 * the operations that answer `text/event-stream`.
 */
export const streamedPaths: readonly string[] = ['/v1/events']

/** Every service with its nouns; the gateway refuses to start when two services claim one prefix. */
export const services: Readonly<Record<ServiceName, ServiceProfile>> = {
  identity: profile(
    'identity',
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/v1/units',
    '/v1/departments',
    '/v1/positions',
    '/v1/modules',
    '/scim/v2',
    '/v1/persons',
    '/v1/person-plans',
    '/v1/person-simulations',
    '/v1/imports',
    '/v1/accounts',
    '/v1/changes-feed',
    '/v1/absences',
    '/v1/account-cases',
    '/v1/events',
    '/v1/account-changes',
    '/v1/networks',
    '/v1/theft-reports',
    '/v1/access-requests',
    '/v1/departure-lag',
    '/v1/departures',
    '/v1/grants',
    '/v1/access-reviews',
    '/v1/account-findings',
    '/v1/access-reviewers',
    '/v1/sod',
    '/v1/credential-resets',
    '/v1/me',
    '/v1/password-policy',
    '/v1/authorizations',
    '/v1/sign-out',
    '/v1/userinfo',
    '/v1/sessions',
    '/v1/tokens',
    '/v1/clients',
    '/v1/api-keys',
    '/v1/provisioning-tasks',
    '/v1/ebs-uploads',
    '/v1/ebs-findings',
    '/v1/ebs-adoptions',
    '/v1/audit',
    '/v1/event-webhooks',
  ),
  'incident-tiering': profile(
    'incident-tiering',
    '/v1/tickets',
    '/v1/changes',
    '/v1/key-users',
    '/v1/calendars',
    '/v1/holiday-years',
    '/v1/superiors',
    '/v1/notifications',
    '/v1/webhooks',
  ),
  'monitoring-ingest': profile(
    'monitoring-ingest',
    '/v1/metrics',
    '/v1/sources',
    '/v1/thresholds',
    '/v1/alerts',
    '/v1/inspections',
  ),
  'backup-orchestration': profile(
    'backup-orchestration',
    '/v1/backup-sites',
    '/v1/backup-exceptions',
    '/v1/backup-systems',
    '/v1/backup-targets',
    '/v1/backup-agents',
    '/v1/backup-runs',
    '/v1/backup-copies',
    '/v1/backup-gates',
    '/v1/restore-plans',
  ),
  assessment: profile(
    'assessment',
    '/v1/observations',
    '/v1/entry-counts',
    '/v1/time-nodes',
    '/v1/score-sheets',
    '/v1/scores',
    '/v1/appeals',
    '/v1/controls',
  ),
}
