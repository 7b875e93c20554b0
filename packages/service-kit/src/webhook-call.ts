import { createHmac } from 'node:crypto'
import { lookup as resolve, type LookupAddress } from 'node:dns'
import { request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Type } from 'typebox'
import { plainAddress, readNetworks } from './network-set.ts'

/** Where nobody outside answers: own host, own network, neighbours on the wire, everybody. Source: RFC 6890. */
const PRIVATE = readNetworks(
  [
    ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
    ...['172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'],
    // Of IPv6 also what wraps an IPv4 address: a translator would carry it inside.
    ...[
      '::/96',
      '64:ff9b::/96',
      '64:ff9b:1::/48',
      '2002::/16',
      'fc00::/7',
      'fe80::/10',
      'ff00::/8',
    ],
  ].join(','),
)

/** The setting that says what webhooks may call. */
export const WebhookTargets = Type.String({
  description: 'host:port pairs that webhooks may call, comma-separated; empty: none.',
  format: 'host-ports',
  default: '',
})

/** The setting that says which names may lead inside. */
export const WebhookPrivateNetworks = Type.String({
  description:
    'Private networks that the name of a webhook target may resolve to, comma-separated; empty: none. A target that is listed as an address needs none.',
  format: 'networks',
  default: '',
})

/** Which addresses webhooks may call, as whoever runs the product has set it. */
export interface WebhookReach {
  /** host:port pairs, comma-separated; nothing that is not listed is called. */
  readonly targets: string
  /** Networks of the site that a listed name may resolve to, comma-separated. */
  readonly privateNetworks: string
}

/**
 * Whether a webhook may call the address: http(s), no credentials in it, and host:port on the list of allowed targets.
 * Nothing is allowed that is not listed, so that a webhook cannot be used to reach inside.
 */
export function isAllowedTarget(url: string, targets: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, port, username, password } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  if (username !== '' || password !== '') return false
  const effectivePort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return targets
    .split(',')
    .map((target) => target.trim())
    .includes(`${hostname}:${effectivePort}`)
}

/** The signature of a message under the Standard Webhooks specification, scheme v1 (HMAC-SHA256). */
export function signWebhook(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key)
    .update(`${id}.${String(timestamp)}.${body}`)
    .digest('base64')}`
}

/** One try to hand a message to a receiver. */
export interface WebhookCall {
  readonly url: string
  /** Stays the same over tries and replays, so that the receiver can drop repetitions. */
  readonly id: string
  readonly body: string
  /** `whsec_…`, each of which signs: the newest, and while it is being replaced the one before. */
  readonly secrets: readonly string[]
  readonly now: Date
}

/**
 * Posts a message; resolves with the status once it is answered 2xx. What the name of the host resolves to is looked at on the
 * very connection that is made: a private address is refused unless it is the listed target itself or in a network that is
 * allowed, so that whoever owns a name cannot point it inside. Redirects are not followed.
 *
 * @throws Error saying why it was not delivered
 */
export async function callWebhook(
  { url, id, body, secrets, now }: WebhookCall,
  { targets, privateNetworks }: WebhookReach,
  signal: AbortSignal,
): Promise<string> {
  if (!isAllowedTarget(url, targets)) throw new Error('The address is not on WEBHOOK_TARGETS.')
  const timestamp = Math.floor(now.getTime() / 1_000)
  const target = new URL(url)
  const send = target.protocol === 'https:' ? requestSecure : requestPlain
  const call = send(target, {
    method: 'POST',
    signal,
    // Of its own: a connection that is kept was looked at for another call.
    agent: false,
    lookup: publicLookup(readNetworks(privateNetworks)),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': secrets
        .map((secret) => signWebhook(secret, id, timestamp, body))
        .join(' '),
    },
  })
  const response = await answerOf(call, body)
  // Nothing of the answer is read: it may be endless.
  response.destroy()
  const { statusCode = 0 } = response
  if (statusCode < 200 || statusCode > 299)
    throw new Error(`The receiver answered ${String(statusCode)}.`)
  return `HTTP ${String(statusCode)}`
}

function answerOf(call: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.on('response', resolve)
    call.on('error', reject)
    call.end(body)
  })
}

/** Resolves a name to those of its addresses that may be called. A listed address is not resolved, and is what was allowed. */
function publicLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (host, options, answer) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        answer(error, [])
        return
      }
      const open = found.filter(({ address }) => !isPrivate(address) || isAllowed(address))
      const [first] = open
      if (first === undefined)
        answer(
          new Error(
            `${host} resolves to a private address; WEBHOOK_PRIVATE_NETWORKS allows none of it.`,
          ),
          [],
        )
      else if (options.all === true) answer(null, open satisfies LookupAddress[])
      else answer(null, first.address, first.family)
    })
  }
}

/** Whether an address is nobody's outside; text that is no address counts as one. */
export function isPrivate(address: string): boolean {
  const plain = plainAddress(address)
  return isIP(plain) === 0 || PRIVATE(plain)
}
