import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** One element of DER: tag, length, content. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : [0x82, Math.floor(length / 0x100), length % 0x100]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const sequence = (...members: Buffer[]) => der(0x30, ...members)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const time = (date: Date) =>
  der(0x18, Buffer.from(`${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`))
const nameOf = (text: string) =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))))
const SHA256_WITH_ECDSA = sequence(oid('2a8648ce3d040302'))
const IS_AUTHORITY = sequence(oid('551d13'), der(0x04, sequence(der(0x01, Buffer.from([0xff])))))

const hostNamed = (host: string) =>
  sequence(oid('551d11'), der(0x04, sequence(der(0x82, Buffer.from(host)))))

function signed(body: Buffer, key: KeyObject, label: string): string {
  const signature = sign('sha256', body, key)
  const whole = sequence(body, SHA256_WITH_ECDSA, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

export interface TestCertificate {
  readonly name: string
  /** PEM, like `key`. */
  readonly cert: string
  readonly key: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly serial: Buffer
}

const DAY = 86_400_000

/** A certificate of ECDSA on P-256: of an authority if it has an `issuer`, else one that signs itself, and others. */
export function testCertificate(
  name: string,
  {
    issuer,
    host,
    from = new Date(Date.now() - DAY),
    until = new Date(Date.now() + DAY),
  }: { issuer?: TestCertificate; host?: string; from?: Date; until?: Date } = {},
): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Positive and without a zero in front, as DER has it.
  const serial = Buffer.concat([Buffer.from([0x41]), randomBytes(7)])
  const extensions = [
    ...(issuer === undefined ? [IS_AUTHORITY] : []),
    ...(host === undefined ? [] : [hostNamed(host)]),
  ]
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    SHA256_WITH_ECDSA,
    nameOf(issuer?.name ?? name),
    sequence(time(from), time(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  )
  return {
    ...{ name, serial, privateKey, publicKey },
    cert: signed(body, issuer?.privateKey ?? privateKey, 'CERTIFICATE'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** A certificate for one host name that signs itself, for a day around `now`. */
export function selfSigned(host: string, now: Date): TestCertificate {
  const [from, until] = [new Date(now.getTime() - DAY), new Date(now.getTime() + DAY)]
  return testCertificate(host, { host, from, until })
}

/** What an authority has revoked, PEM. */
export function testRevocationList(
  authority: TestCertificate,
  revoked: readonly TestCertificate[],
): string {
  const now = new Date(Date.now() - DAY)
  const body = sequence(
    SHA256_WITH_ECDSA,
    nameOf(authority.name),
    time(now),
    time(new Date(Date.now() + DAY)),
    ...(revoked.length === 0
      ? []
      : [sequence(...revoked.map(({ serial }) => sequence(der(0x02, serial), time(now))))]),
  )
  return signed(body, authority.privateKey, 'X509 CRL')
}
