import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** A certificate that a caller holds the key of, and that one of the listed authorities has issued. */
export interface ClientCertificate {
  readonly der: Buffer
  /** SHA-256 in base64url, as `x5t#S256` of a token that is bound to it has it. Source: RFC 8705, 3.1. */
  readonly thumbprint: string
}

const shown = new WeakMap<Socket, ClientCertificate | null>()

/**
 * What the caller has shown on this connection; `null` where that is nothing, or nothing that is good: run out, revoked, of
 * another authority. Whoever needs one is refused then, and nobody else is.
 */
export function certificateOf(socket: Socket): ClientCertificate | null {
  if (!(socket instanceof TLSSocket)) return null
  const known = shown.get(socket)
  if (known !== undefined) return known
  const { raw: der } = socket.authorized ? (socket.getPeerX509Certificate() ?? {}) : {}
  const certificate =
    der === undefined ? null : { der, thumbprint: hash('sha256', der, 'base64url') }
  shown.set(socket, certificate)
  return certificate
}
