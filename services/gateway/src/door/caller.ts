import { TLSSocket } from 'node:tls'
import type { Asker } from '@erp-steward/service-kit/answer-unreadable'
import { plainAddress, type NetworkSet } from '@erp-steward/service-kit/network-set'

/** Where a request comes from. */
export interface Caller {
  /** The nearest address that no trusted proxy vouches for; empty when the socket is gone. */
  readonly address: string
  /** Whether it came by TLS, to us or to the trusted proxy in front. */
  readonly isEncrypted: boolean
}

/** Who calls, as the connection says it, or a proxy of `trusted` by `X-Forwarded-For` and `X-Forwarded-Proto`. */
export function callerOf({ socket, headers }: Asker, trusted: NetworkSet): Caller {
  const near = socket.remoteAddress ?? ''
  const isEncrypted = socket instanceof TLSSocket
  if (!trusted(near)) return { address: plainAddress(near), isEncrypted }
  const hops = [near, ...listed(headers['x-forwarded-for']).reverse()]
  const address = hops.find((hop) => !trusted(hop)) ?? hops.at(-1) ?? ''
  const scheme = listed(headers['x-forwarded-proto']).at(-1)
  return {
    address: plainAddress(address),
    isEncrypted: scheme === undefined ? isEncrypted : scheme === 'https',
  }
}

function listed(header: string | string[] | undefined): string[] {
  if (header === undefined || header === '') return []
  return String(header)
    .split(',')
    .map((entry) => entry.trim())
}
