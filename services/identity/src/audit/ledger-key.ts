import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { SignedHead } from '@erp-steward/contracts/ledger-events'
import { Type } from 'typebox'

/** The setting that signs the ledger. */
export const LedgerKeys = Type.String({
  description:
    'Base64 seeds of 32 bytes that sign the head of the audit ledger, comma-separated: the newest signs, every one verifies. Empty: derived from SEALING_KEYS.',
  writeOnly: true,
  pattern: '^([A-Za-z0-9+/]{43}=(,[A-Za-z0-9+/]{43}=)*)?$',
  default: '',
})

/** What is signed of a head. */
export type LedgerHead = Pick<SignedHead, 'seq' | 'hash'>

/** Who signed when, beside what was signed. */
export type Signature = Pick<SignedHead, 'signedAt' | 'keyId' | 'signature'>

/** What the signature of a kind of statement begins with, so that one kind never passes for another. */
export type Statement = 'head' | 'verification' | 'export' | 'audit' | 'archive'

/** Signs heads of the ledger and knows its own signatures again. */
export interface LedgerSigner {
  /** Of the key that signs. */
  readonly keyId: string
  /** Public keys, the one that signs first, 32 bytes in base64url: whoever has noted one can check what it signed. */
  readonly publicKeys: readonly { readonly keyId: string; readonly publicKey: string }[]
  readonly sign: (head: LedgerHead, at: Date) => SignedHead
  /** Signs what else is said of the ledger; no line may hold a line feed. */
  readonly signLines: (kind: Statement, lines: readonly string[], at: Date) => Signature
  /** Whether one of the configured keys signed these lines as a statement of this kind. */
  readonly areLinesSigned: (kind: Statement, lines: readonly string[], by: Signature) => boolean
  /** Whether one of the configured keys signed exactly this; false for keys that nobody configured. */
  readonly isSignedByUs: (head: SignedHead) => boolean
}

interface Key {
  readonly id: string
  /** 32 bytes. */
  readonly raw: Buffer
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * Ed25519 by keys that the database does not hold, so that who owns the database can neither sign another chain nor put
 * a public key of his own in the place of ours.
 *
 * A site without `LEDGER_KEYS` signs with keys derived from its sealing keys (HKDF-SHA256, RFC 5869). They verify for ever
 * after, so that keys of its own can be configured later.
 *
 * @param ledgerKeys base64 seeds of 32 bytes, comma-separated, the newest first; may be empty
 * @throws RangeError if a key has another length, or there is none
 */
export function createLedgerSigner(ledgerKeys: string, sealingKeys: string): LedgerSigner {
  const own = ledgerKeys === '' ? [] : seedsOf(ledgerKeys)
  const derived = seedsOf(sealingKeys).map((key) =>
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'erp-steward audit ledger', 32)),
  )
  const keys = [...own, ...derived].map(keyOf)
  const [newest] = keys
  if (newest === undefined) throw new RangeError('a key is needed to sign the ledger')
  const areLinesSigned: LedgerSigner['areLinesSigned'] = (kind, lines, by) => {
    const key = keys.find(({ id }) => id === by.keyId)
    if (key === undefined) return false
    const signature = Buffer.from(by.signature, 'base64url')
    return verify(null, textOf(kind, lines, by), key.publicKey, signature)
  }
  const signLines: LedgerSigner['signLines'] = (kind, lines, at) => {
    const by = { signedAt: at.toISOString(), keyId: newest.id }
    const text = textOf(kind, lines, by)
    return { ...by, signature: sign(null, text, newest.privateKey).toString('base64url') }
  }
  return {
    keyId: newest.id,
    publicKeys: keys.map(({ id, raw }) => ({ keyId: id, publicKey: raw.toString('base64url') })),
    signLines,
    sign: (head, at) => ({ ...head, ...signLines('head', linesOf(head), at) }),
    areLinesSigned,
    isSignedByUs: (head) => areLinesSigned('head', linesOf(head), head),
  }
}

const linesOf = ({ seq, hash }: LedgerHead) => [String(seq), hash]

/** What a signature covers, UTF-8, each line ended by a line feed. An outsider can check it with the public key. */
function textOf(
  kind: Statement,
  lines: readonly string[],
  { signedAt, keyId }: Omit<Signature, 'signature'>,
): Buffer {
  const all = [`erp-steward ledger ${kind} 1`, ...lines, signedAt, keyId]
  return Buffer.from(all.map((line) => `${line}\n`).join(''))
}

function seedsOf(text: string): Buffer[] {
  return text.split(',').map((each) => {
    const seed = Buffer.from(each.trim(), 'base64')
    if (seed.length !== 32) throw new RangeError('a key of the ledger must be 32 bytes in base64')
    return seed
  })
}

/** DER of an Ed25519 private key before its 32 bytes. Source: RFC 8410 section 7. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

function keyOf(seed: Buffer): Key {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey(privateKey)
  // The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key itself.
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const id = createHash('sha256').update(raw).digest('hex').slice(0, 16)
  return { id, raw, privateKey, publicKey }
}
