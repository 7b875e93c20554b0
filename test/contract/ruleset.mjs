// Rules for the OpenAPI document: all of spectral:oas and of the OWASP set, but for what has its reason here.
import owasp from '@stoplight/spectral-owasp-ruleset'
import { oas } from '@stoplight/spectral-rulesets'

/** Where callers send something. A bound on what we answer would only break the clients that enforce it. */
const sent = (type) => [
  `$.paths[*][*].parameters[?(@ && @.schema && @.schema.type=="${type}")].schema`,
  `$.paths[*][*].parameters[*].schema..[?(@ && @.type=="${type}")]`,
  `$.paths[*][*].requestBody.content[*].schema..[?(@ && @.type=="${type}")]`,
]

/** A text is bounded by its length, its values, its format, or a pattern in which nothing may repeat without end. */
function boundedText(schema) {
  if (['maxLength', 'enum', 'const', 'format'].some((word) => word in schema)) return []
  const { pattern = '*' } = schema
  const unbounded = /[*+]|\{\d+,\}/.test(pattern.replaceAll(/\[[^\]]*\]|\\./g, 'x'))
  return unbounded ? [{ message: 'A text that is sent needs maxLength or a bounded pattern.' }] : []
}

/** Files and pointers of Spectral, as it writes the place of a path. */
const at = (path) =>
  `**#/paths/${encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'))}`

const withoutToken = (...paths) => ({
  files: paths.map(at),
  rules: { 'owasp:api2:2023-write-restricted': 'off', 'owasp:api2:2023-read-restricted': 'off' },
})

export default {
  extends: [oas, owasp],
  rules: {
    'owasp:api4:2023-string-limit': {
      message: '{{error}}',
      severity: 'error',
      given: sent('string'),
      then: { function: boundedText },
    },
    'owasp:api4:2023-array-limit': {
      ...owasp.rules['owasp:api4:2023-array-limit'],
      given: sent('array'),
    },
    'owasp:api4:2023-integer-limit': {
      ...owasp.rules['owasp:api4:2023-integer-limit'],
      given: sent('integer'),
    },
    // As the set has it, it also looks into examples that have a member `type`.
    'owasp:api4:2023-integer-format': {
      ...owasp.rules['owasp:api4:2023-integer-format'],
      given: sent('integer'),
    },
    // Free text, a password, a reason: its length is bounded, and what cannot be stored is refused for all operations alike.
    'owasp:api4:2023-string-restricted': 'off',
    // `4XX` and `5XX` are every status of their kind with one schema; the codes are in `x-problem-codes`.
    'owasp:api4:2023-rate-limit-responses-429': 'off',
    'owasp:api8:2023-define-error-responses-401': 'off',
    'owasp:api8:2023-define-error-responses-500': 'off',
    // Which origins may call is a setting of each site, `CORS_ORIGINS`.
    'owasp:api8:2023-define-cors-origin': 'off',
    // The document is the same at each site: it does not know who reaches that gateway, nor whether it is in production.
    'owasp:api9:2023-inventory-access': 'off',
    'owasp:api9:2023-inventory-environment': 'off',
    // The summary is the sentence; there is a description where there is more to say.
    'operation-description': 'off',
    // The product runs at a site; whom to ask there it does not know.
    'info-contact': 'off',
  },
  overrides: [
    // Whoever signs in has no token yet; what is sent is the secret itself.
    withoutToken('/v1/sessions', '/v1/tokens', '/v1/tokens/refresh'),
    // Who signs in for a front end has no token yet, and who signs out by its identity token has none any more.
    withoutToken('/v1/authorizations', '/v1/sign-out'),
    // A client says who it is in the form, or as HTTP Basic.
    withoutToken('/v1/tokens/introspection', '/v1/tokens/revocation'),
    // The token of a source is no access token; the operation checks it itself.
    withoutToken('/v1/metrics/write'),
    // Public keys are public, a load balancer has no token, and what a problem means anybody may read.
    withoutToken('/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'),
    withoutToken('/.well-known/jwks.json', '/health', '/problems/{code}'),
    // An identity token is no key to anything, and a form takes it too; OpenID Connect has it so.
    { files: [at('/v1/sign-out')], rules: { 'owasp:api2:2023-no-credentials-in-url': 'off' } },
    // `hasPassword` is a filter, true or false.
    { files: [at('/v1/accounts')], rules: { 'owasp:api2:2023-no-credentials-in-url': 'off' } },
  ],
}
