import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { PublicUrl } from '@erp-steward/service-kit/public-url'
import { Type, type Static, type TString } from 'typebox'

type Underscored<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}_${Underscored<Tail>}`
  : Name
type UrlSetting = `${Uppercase<Underscored<ServiceName>>}_URL`

/** The setting that holds a service's address, for example `INCIDENT_TIERING_URL`. */
export function urlSettingOf(name: ServiceName): UrlSetting {
  return `${name.replaceAll('-', '_').toUpperCase()}_URL` as UrlSetting
}

const urls = Object.fromEntries(
  serviceNames.map((name) => [
    urlSettingOf(name),
    Type.String({
      description: `Address of ${name}, http(s)://host:port without a path.`,
      pattern: '^https?://[^/]+$',
    }),
  ]),
) as Record<UrlSetting, TString>

const networks = (description: string, byDefault: string) =>
  Type.String({
    description: `${description} CIDR, separated by commas.`,
    format: 'networks',
    default: byDefault,
  })

const perMinute = (description: string, byDefault: number) =>
  Type.Integer({ description, minimum: 1, maximum: 10_000_000, default: byDefault })

const LOOPBACK = '127.0.0.0/8,::1/128'

/** What the gateway reads from its environment. */
export const GatewayConfig = Type.Object({
  ...urls,
  INTERNAL_TOKEN: Type.String({
    description: 'Secret shared by the processes of the product, at least 32 characters.',
    writeOnly: true,
    minLength: 32,
  }),
  PUBLIC_URL: PublicUrl,
  HOST: Type.String({ description: 'Address to listen on.', default: '127.0.0.1' }),
  PORT: Type.Integer({
    description: 'TCP port; 0 takes any free one.',
    minimum: 0,
    maximum: 65_535,
    default: 8_080,
  }),
  TLS_CERT_FILE: Type.String({
    description: 'Certificate chain (PEM) to speak TLS with; empty for plain HTTP.',
    default: '',
  }),
  TLS_KEY_FILE: Type.String({ description: 'Key (PEM) of the certificate.', default: '' }),
  TLS_CLIENT_CA_FILE: Type.String({
    description:
      'Authorities (PEM) whose certificates machines may prove with who they are; empty: no certificate is asked for. Source: A-4.3.2.',
    default: '',
  }),
  TLS_CLIENT_CRL_FILE: Type.String({
    description: 'Revocation lists (PEM) of these authorities, one of each; empty for none.',
    default: '',
  }),
  ALLOWED_NETWORKS: networks(
    'Networks that may call at all. Source: A-4.2.4.',
    `${LOOPBACK},10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7`,
  ),
  CLEAR_TEXT_NETWORKS: networks(
    'Networks that may call without encryption. Source: A-4.3.2.',
    LOOPBACK,
  ),
  METRICS_NETWORKS: networks('Networks that may read /metrics.', LOOPBACK),
  TRUSTED_PROXIES: networks('Proxies in front whose X-Forwarded-For and -Proto are believed.', ''),
  CORS_ORIGINS: Type.String({
    description: 'Origins whose pages may call from a browser; empty for none.',
    format: 'origins',
    default: '',
  }),
  UPSTREAM_TIMEOUT_SECONDS: Type.Number({
    description: 'Longest wait for the head of an answer, and between two parts of its body.',
    minimum: 0.1,
    maximum: 600,
    default: 30,
  }),
  SHED_DELAY_MS: Type.Integer({
    description:
      'Milliseconds that the event loop is late, over several looks, from which on requests are turned away, bulk ones from half of it; vital ones never.',
    minimum: 20,
    maximum: 60_000,
    default: 500,
  }),
  REVOCATION_POLL_SECONDS: Type.Number({
    description:
      'Seconds between two readings of all revocations; new ones come by event, and are asked for twice a second.',
    minimum: 0.1,
    maximum: 60,
    default: 5,
  }),
  REVOCATION_MAX_AGE_SECONDS: Type.Integer({
    description: 'Seconds without a snapshot after which no token is let in.',
    minimum: 5,
    maximum: 3_600,
    default: 300,
  }),
  RATE_LIMIT_CALLER: perMinute('Requests per minute of one account or client.', 3_000),
  RATE_LIMIT_ADDRESS: perMinute(
    'Requests per minute without a valid token from one address.',
    1_200,
  ),
  RATE_LIMIT_SIGN_IN: perMinute('Sign-ins and tokens for clients per minute and address.', 120),
  RATE_LIMIT_METRICS: perMinute('Batches of metrics per minute and address.', 60_000),
})
export type GatewayConfig = Static<typeof GatewayConfig>
