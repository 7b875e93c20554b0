import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@erp-steward/test-kit/eventually'

const SLAPD = '/usr/sbin/slapd'
/** Why there is no directory to test with; `null`: there is one. */
export const noSlapd = existsSync(SLAPD) ? null : "Debian's slapd"

export const BASE = 'dc=corp,dc=example'
export const READER = `cn=reader,${BASE}`
export const READER_PASSWORD = 'Reads-names-1!'

export interface Person {
  readonly uid: string
  readonly password: string
  /** Of the entry, where another one has the same `uid`. */
  readonly cn?: string
}

export interface Directory {
  /** Addresses: in clear until StartTLS, and under TLS from the start. */
  readonly plainUrl: string
  readonly secureUrl: string
  readonly caFile: string
  /** Ends the server; it may be started again. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  /** Ends it and removes what it wrote. */
  readonly release: () => Promise<void>
}

/** A real directory on loopback with these people, whose server has a certificate of its own for 127.0.0.1. */
export async function startDirectory(people: readonly Person[]): Promise<Directory> {
  const folder = mkdtempSync(join(tmpdir(), 'steward-slapd-'))
  const at = (name: string) => join(folder, name)
  makeCertificate(folder)
  mkdirSync(at('data'))
  writeFileSync(
    at('slapd.conf'),
    `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${at('slapd.pid')}
TLSCACertificateFile ${at('ca.pem')}
TLSCertificateFile ${at('server.pem')}
TLSCertificateKeyFile ${at('server.key')}
# Names and passwords go over TLS only.
security simple_bind=128
database mdb
suffix "${BASE}"
directory ${at('data')}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${READER}" read by anonymous auth by * none
`,
  )
  const entry = (dn: string, lines: readonly string[]) => [`dn: ${dn}`, ...lines, ''].join('\n')
  const entries = people.map(({ uid, password, cn = uid }) =>
    entry(`cn=${cn},${BASE}`, [
      'objectClass: inetOrgPerson',
      `cn: ${cn}`,
      'sn: Person',
      `uid: ${uid}`,
      `userPassword: ${password}`,
    ]),
  )
  writeFileSync(
    at('people.ldif'),
    [
      entry(BASE, ['objectClass: dcObject', 'objectClass: organization', 'o: Corp', 'dc: corp']),
      entry(READER, [
        'objectClass: inetOrgPerson',
        'cn: reader',
        'sn: Reader',
        `userPassword: ${READER_PASSWORD}`,
      ]),
      ...entries,
    ].join('\n'),
  )
  execFileSync('/usr/sbin/slapadd', ['-f', at('slapd.conf'), '-l', at('people.ldif')])
  const [plain, secure] = [await freePort(), await freePort()]
  const plainUrl = `ldap://127.0.0.1:${String(plain)}`
  const secureUrl = `ldaps://127.0.0.1:${String(secure)}`
  let server: ChildProcess | undefined
  const start = async () => {
    server = spawn(SLAPD, ['-f', at('slapd.conf'), '-h', `${plainUrl} ${secureUrl}`, '-d', '0'], {
      stdio: 'ignore',
    })
    await eventually(async () => {
      const socket = connect(secure, '127.0.0.1')
      try {
        await once(socket, 'connect')
      } finally {
        socket.destroy()
      }
    })
  }
  const stop = async () => {
    if (server?.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  await start()
  return {
    ...{ plainUrl, secureUrl, caFile: at('ca.pem'), start, stop },
    async release() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A certificate for 127.0.0.1, and of who vouches for it. */
function makeCertificate(folder: string): void {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] })
  const key = ['-newkey', 'rsa:2048', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA')
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=directory')
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n')
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
    ],
    ...['-days', '2', '-extfile', 'names', '-out', 'server.pem'],
  )
  if (!readFileSync(join(folder, 'server.pem'), 'utf8').includes('BEGIN CERTIFICATE'))
    throw new Error('openssl made no certificate')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
