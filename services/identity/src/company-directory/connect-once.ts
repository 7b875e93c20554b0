import { connect as connectPlainly, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { ClientOptions } from 'ldapts'

type Connection = Required<Pick<ClientOptions, 'createConnection' | 'createSecureConnection'>>

/**
 * A connection that is made once, for the client of LDAP connects anew by itself when the other side hangs up: after StartTLS
 * in clear, so that the next password would go over the network readably. `hangUp` ends it, whatever is under way.
 */
export function connectOnce(): { readonly connection: Connection; readonly hangUp: () => void } {
  const made = { plain: 0, secure: 0 }
  let socket: Socket | undefined
  const keep = <Made extends Socket>(kind: keyof typeof made, make: () => Made): Made => {
    made[kind] += 1
    if (made[kind] > 1) throw new Error('the directory has hung up')
    const connected = make()
    socket ??= connected
    return connected
  }
  return {
    connection: {
      createConnection: ((...args: Parameters<typeof connectPlainly>) =>
        keep('plain', () => connectPlainly(...args))) as typeof connectPlainly,
      createSecureConnection: ((...args: Parameters<typeof connectSecurely>) =>
        keep('secure', () => connectSecurely(...args))) as typeof connectSecurely,
    },
    hangUp: () => socket?.destroy(),
  }
}
