import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { SignedHead } from '@erp-steward/contracts/identity-events'
import { Type } from 'typebox'

/** The setting that signs the ledger. */
export const LedgerKeys = Type.String({
  description:
    'Base64 seeds of 32 bytes that sign the head of the audit ledger, comma-separated: the newest signs, every one verifies. Empty: derived from SEALING_KEYS.',
  pattern: '^([A-Za-z0-9+/]{43}=(,[A-Za-z0-9+/]{43}=)*)?$',
  default: '',
})

/** What is signed of a head. */
export type LedgerHead = Pick<SignedHead, 'seq' | 'hash'>

/** Signs heads of the ledger and knows its own signatures again. */
export interface LedgerSigner {
  /** Of the key that signs. */
  readonly keyId: string
  readonly sign: (head: LedgerHead, at: Date) => SignedHead
  /** Whether one of the configured keys signed exactly this; false for keys that nobody configured. */
  readonly isSignedByUs: (head: SignedHead) => boolean
}

interface Key {
  readonly id: string
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
  return {
    keyId: newest.id,
    sign(head, at) {
      const signedAt = at.toISOString()
      const text = textOf({ ...head, signedAt, keyId: newest.id })
      const signature = sign(null, text, newest.privateKey).toString('base64url')
      return { ...head, signedAt, keyId: newest.id, signature }
    },
    isSignedByUs(head) {
      const key = keys.find(({ id }) => id === head.keyId)
      if (key === undefined) return false
      return verify(null, textOf(head), key.publicKey, Buffer.from(head.signature, 'base64url'))
    },
  }
}

/** What a signature covers, UTF-8, each line ended by a line feed. An outsider can check it with the public key. */
function textOf({ seq, hash, signedAt, keyId }: Omit<SignedHead, 'signature'>): Buffer {
  return Buffer.from(`erp-steward ledger head 1\n${String(seq)}\n${hash}\n${signedAt}\n${keyId}\n`)
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
  return { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), privateKey, publicKey }
}
